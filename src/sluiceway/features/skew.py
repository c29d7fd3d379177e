"""Skew: every served feature vector recomputed offline as of its request, feature by feature, with the causes."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.artifacts.skew_report import CODE, LATE, STALE, FeatureSkew, SkewExample
from sluiceway.core.moments import iso
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.pipeline import Pipeline
from sluiceway.features.binding import kinds_of
from sluiceway.features.late_facts import late_fact
from sluiceway.features.point_in_time import Facts
from sluiceway.features.served_values import Compared, compare_column
from sluiceway.features.set_aside import SetAside
from sluiceway.features.skew_causes import Earlier, Reading, causes_of_view, number_cause, reading_of
from sluiceway.features.vectors_as_of import vectors_as_of
from sluiceway.plans.moments_sql import moment_of
from sluiceway.plans.request_log import INPUT, KINDS

EXAMPLES = 3


def nothing_earlier(written_us: int) -> Facts | None:  # noqa: ARG001
    """Know of nothing that was known at another time."""
    return None


def nothing_aside(view: FeatureView) -> SetAside | None:  # noqa: ARG001
    """Know of no stream."""
    return None


@dataclass(frozen=True, slots=True)
class Answers:
    """Rows that one version answered, as ``plans.request_log`` has them, with its contract and the model's columns."""

    version: str
    contract: ServingContract
    columns: tuple[FeatureColumn, ...]
    table: pa.Table


@dataclass(slots=True)
class Found:
    """What the comparison came to so far: by feature, in the order of the declaration."""

    features: dict[str, FeatureSkew] = field(default_factory=dict)
    examples: dict[tuple[str, str], list[SkewExample]] = field(default_factory=dict)
    unchecked: dict[str, str] = field(default_factory=dict)

    def add(self, view: str, compared: Compared, causes: Mapping[int, str]) -> None:
        """Count one feature of one version's rows."""
        rows = len(compared.served)
        mismatched, missing, extra = (
            int(mask.sum()) for mask in (compared.mismatched, compared.missing, compared.extra)
        )
        before = self.features.get(compared.name) or FeatureSkew(compared.name, view, 0, 0, 0, 0, 0, None, {})
        largest = [each for each in (before.largest, compared.largest) if each is not None]
        self.features[compared.name] = FeatureSkew(
            compared.name,
            view,
            before.compared + rows,
            before.equal + rows - mismatched - missing - extra,
            before.mismatched + mismatched,
            before.missing + missing,
            before.extra + extra,
            max(largest, default=None),
            dict(Counter(before.causes) + Counter(causes.values())),
        )

    def has_room(self, feature: str, cause: str) -> bool:
        """Tell whether another example of a feature and cause is wanted."""
        return len(self.examples.get((feature, cause), ())) < EXAMPLES

    def note(self, each: Compared, place: int, cause: str, detail: str, table: pa.Table) -> None:
        """Keep an example."""
        request, at = table["request_id"][place].as_py(), table["at"][place].as_py()
        example = SkewExample(each.name, request, at, each.served[place], each.offline[place], cause, detail)
        self.examples.setdefault((each.name, cause), []).append(example)


@dataclass(frozen=True, slots=True)
class Skew:
    """Compares versions' answers with what offline says.

    ``facts`` are the sources as they are known now; ``earlier`` gives them as they were when a value was written, and
    ``aside`` what came too late for a view's stream.
    """

    facts: Facts
    pipeline: Pipeline
    inputs: Sequence[str]
    earlier: Earlier = nothing_earlier
    aside: Callable[[FeatureView], SetAside | None] = nothing_aside

    def compare(self, answers: Answers, found: Found) -> None:
        """Compare one version's rows, and add what was found."""
        checked, unchecked = self._checkable(answers)
        found.unchecked |= unchecked
        if not checked or not answers.table.num_rows:
            return
        offline = vectors_as_of(self.facts, self.pipeline, self.inputs, self._padded(answers.table))
        told: dict[str, dict[int, str]] = {}
        for view in self.pipeline.feature_views:
            own = [column for column in checked if column.name in view.columns]
            if own:
                compared = [compare_column(answers.table, offline, column) for column in own]
                told |= self._view(view, compared, answers, found)
        for column in checked:
            if column.origin == "request":
                told[column.name] = self._request(compare_column(answers.table, offline, column), answers, told, found)

    def _view(
        self, view: FeatureView, compared: Sequence[Compared], answers: Answers, found: Found
    ) -> dict[str, dict[int, str]]:
        """Add what was found of a view's columns, and give the causes by column and row."""
        aside = self.aside(view) if any(each.differs.any() for each in compared) else None
        without = (aside.without, aside.without_all) if aside else ()
        causes = causes_of_view(view, answers.table, compared, facts=self.facts, earlier=[self.earlier], aside=without)
        seen = reading_of(view, answers.table) if causes else None
        for each in compared:
            own = causes.get(each.name, {})
            found.add(view.name, each, own)
            for place, cause in own.items():
                if seen is not None and found.has_room(each.name, cause):
                    late = aside.about(answers.table, place) if aside and cause == LATE else ""
                    detail = late or self._detail(view, cause, place, seen, answers.table)
                    found.note(each, place, cause, detail, answers.table)
        return causes

    def _request(
        self, compared: Compared, answers: Answers, told: Mapping[str, Mapping[int, str]], found: Found
    ) -> dict[int, str]:
        """Add what was found of a feature of the request; one over other features differs because these do."""
        then = {feature.name: feature.text for feature in answers.contract.request}
        now = {name: expression.text for name, expression in self.pipeline.request_columns.items()}
        changed = then.get(compared.name) != now.get(compared.name)
        places = np.flatnonzero(compared.differs).tolist()
        read = [told.get(name, {}) for name in sorted(self.pipeline.request_columns[compared.name].columns)]
        causes = {
            place: CODE
            if changed
            else next((each[place] for each in read if place in each), number_cause(compared, place))
            for place in places
        }
        found.add("", compared, causes)
        detail = f"it was {then.get(compared.name)}, it is {now.get(compared.name)}" if changed else ""
        for place, cause in causes.items():
            if found.has_room(compared.name, cause):
                found.note(compared, place, cause, detail, answers.table)
        return causes

    def _checkable(self, answers: Answers) -> tuple[list[FeatureColumn], dict[str, str]]:
        """Choose the columns that can be compared, and say of the others why not."""
        why = dict(_reasons(self.pipeline, answers))
        chosen = [column for column in answers.columns if column.origin != "input"]
        checked = [column for column in chosen if column.name not in why]
        return checked, {column.name: why[column.name] for column in chosen if column.name in why}

    def _padded(self, table: pa.Table) -> pa.Table:
        """Give every column that offline reads of a request; what this version did not take is missing."""
        kinds = kinds_of(self.facts.dataset, self.pipeline.label.each.name)
        entities = [name for view in self.pipeline.feature_views for name in view.entities]
        for name in dict.fromkeys([*self.inputs, *entities]):
            if INPUT + name not in table.column_names:
                table = table.append_column(INPUT + name, pa.nulls(table.num_rows, KINDS[kinds[name]]))
        return table

    def _detail(self, view: FeatureView, cause: str, place: int, seen: Reading, table: pa.Table) -> str:
        """Say what makes the cause likely."""
        through, needed, written = (
            iso(moment_of(int(times[place]))) for times in (seen.through, seen.needed, seen.written)
        )
        if cause == CODE:
            return f"view {view.name} was read under another definition than {view.digest[:12]}"
        if cause == STALE:
            return f"view {view.name} knew what was known through {through}, {needed} was due"
        if cause == LATE:
            before = self.earlier(int(seen.written[place]))
            told = None if before is None else late_fact(view, table, place, before=before, now=self.facts)
            return told or f"view {view.name} was written at {written}, before some fact came"
        return f"view {view.name} was written at {written} and knew what was known through {through}"


def _reasons(pipeline: Pipeline, answers: Answers) -> Iterator[tuple[str, str]]:
    """Say of a version's columns why they cannot be compared."""
    taken, hidden = {each.name for each in answers.contract.inputs}, set(answers.contract.unlogged)
    views = pipeline.feature_views
    declared = {name for view in views for name in view.columns} | set(pipeline.request_columns)
    for column in answers.columns:
        if column.name in hidden:
            yield column.name, "sensitive, so that the request log leaves it out"
        elif column.name not in declared:
            yield column.name, f"{answers.version} takes it, and it is declared no more"
    for view in views:
        for entity in view.entities:
            why = _cannot(entity, taken, hidden, answers.version)
            yield from ((name, f"its entity {why}") for name in view.columns if why and name not in hidden)
    for name, expression in pipeline.request_columns.items():
        for read in expression.columns - declared:
            why = _cannot(read, taken, hidden, answers.version)
            yield from [(name, why)] if why and name not in hidden else []


def _cannot(column: str, taken: set[str], hidden: set[str], version: str) -> str:
    if column in hidden:
        return f"{column} is sensitive, so that the request log leaves it out"
    return "" if column in taken else f"{column} is nothing that {version} is given"
