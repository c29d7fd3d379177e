"""Column lineage: from columns of files through SQL to features, inputs and the label, and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, DatasetVersion
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.declare.expression import Expression
from sluiceway.declare.expression_kind import column_named
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.project import Project
from sluiceway.plans.ancestry import Ancestry
from sluiceway.spec.parse import parse_spec

ColumnName = tuple[str, str]
FEATURE, REQUEST, INPUT, LABEL = "feature", "request", "input", "label"


@dataclass(frozen=True, slots=True)
class Use:
    """What the pipeline makes of columns of sources.

    ``kind`` is ``feature`` (of a view), ``request`` (computed from the request), ``input`` (as a caller gives it, and
    as the label's ``each`` has it) or ``label``. ``rows_of`` names a source whose rows are counted, whatever they hold.
    """

    name: str
    kind: str
    made_from: frozenset[ColumnName]
    rows_of: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """A column or a use with all that it is made from and all that is made from it.

    ``raw`` are columns of sources without SQL, or of the files of those with; ``columns`` and ``uses`` are made from
    it. ``untraceable`` names sources whose SQL hides where columns come from, and why.
    """

    name: str
    raw: tuple[ColumnName, ...]
    columns: tuple[ColumnName, ...]
    uses: tuple[Use, ...]
    untraceable: Mapping[str, str]


class ColumnLineage:
    """The columns of a declared project, as one of its dataset versions has them."""

    def __init__(self, project: Project, version: DatasetVersion) -> None:
        """Take what is declared, and a version that holds the tables of its sources.

        Raises:
            MisuseError: the version lacks a source.
        """
        self._sources = project.sources
        held = {name: [each for each in version.tables if each.name == f"sources/{name}"] for name in project.sources}
        lacking = [name for name, tables in held.items() if not tables]
        if lacking:
            raise MisuseError(
                f"source {lacking[0]!r} is declared, but version {version.version} has no table of it; run "
                "`sluiceway run --until ingest` first"
            )
        self._columns = {
            name: [column for column in tables[0].column_names if column not in {EVENT_TIME, KNOWN_TIME}]
            for name, tables in held.items()
        }
        own = {facts.name: facts.file_columns for facts in version.sources if facts.file_columns}
        self._ancestry = Ancestry(project.sources, self._columns, own)
        self.uses = tuple(uses_of(project))
        self._made_from = self._edges()

    def of_column(self, source: str, column: str) -> Traced:
        """Trace a column of a source both ways.

        Raises:
            UnknownNameError: there is no such source, or it has no such column.
        """
        name = self._named(source, column)
        raw = self._ancestry.of(*name)
        reached = self._forwards([name])
        uses = tuple(use for use in self.uses if use.made_from & {name, *reached})
        return Traced(".".join(name), tuple(sorted(raw - {name})), tuple(sorted(reached)), uses, self.untraceable)

    def of_use(self, name: str) -> Traced:
        """Trace a feature, an input or the label back to the columns of files that it is made from.

        Raises:
            UnknownNameError: the pipeline has none of this name.
        """
        use = next((use for use in self.uses if use.name == name), None)
        if use is None:
            columns = [f"{source}.{column}" for source, found in self._columns.items() for column in found]
            raise UnknownNameError("column or feature", name, [*(use.name for use in self.uses), *columns])
        raw = {origin for made in use.made_from for origin in self._ancestry.of(*self._named(*made))}
        return Traced(name, tuple(sorted(raw)), (), (use,), self.untraceable)

    def from_source(self, source: str) -> Traced:
        """Find everything that is made from any column of a source."""
        columns = [(source, column) for column in self._columns.get(source, ())]
        reached = self._forwards(columns)
        below = {source, *(name for name, _ in reached)}
        uses = tuple(use for use in self.uses if use.made_from & {*columns, *reached} or use.rows_of in below)
        return Traced(source, (), tuple(sorted(set(reached) - set(columns))), uses, self.untraceable)

    @property
    def untraceable(self) -> dict[str, str]:
        """Why the columns of a source cannot be traced, of each of which they cannot."""
        found = {name: self._ancestry.untraceable(name) for name in self._sources}
        return {name: reason for name, reason in found.items() if reason}

    def _named(self, source: str, column: str) -> ColumnName:
        spelled = next((name for name in self._columns if name.lower() == source.lower()), None)
        if spelled is None:
            raise UnknownNameError("source", source, self._columns)
        return spelled, column_named(column, self._columns[spelled])

    def _edges(self) -> dict[ColumnName, set[ColumnName]]:
        """Map each column to those that are made directly from it."""
        edges: dict[ColumnName, set[ColumnName]] = {}
        for source, columns in self._columns.items():
            direct = self._ancestry.direct(source)
            for column in columns:
                for origin in direct.get(column.lower(), frozenset()):
                    edges.setdefault(origin, set()).add((source, column))
        return edges

    def _forwards(self, columns: Iterable[ColumnName]) -> set[ColumnName]:
        waiting, seen = set(columns), set[ColumnName]()
        while waiting:
            name = waiting.pop()
            made = self._made_from.get(name, set()) - seen - {name}
            seen |= made
            waiting |= made
        return seen


def uses_of(project: Project) -> Iterable[Use]:
    """Yield what the pipeline makes of its sources' columns."""
    pipeline, label = project.pipeline, project.pipeline.label
    inputs = parse_spec(project.spec_text, path=pipeline.spec).inputs
    made = {use.name: use for view in pipeline.feature_views for use in _features(view)}
    for name, expression in pipeline.request_columns.items():
        made[name] = _requested(name, expression, made, label.each.name)
    yield from made.values()
    for name in inputs:
        yield Use(name, INPUT, frozenset({(label.each.name, name)}))
    yield Use(label.name, LABEL, frozenset((label.source.name, column) for column in label.condition.columns))


def _requested(name: str, expression: Expression, made: Mapping[str, Use], each: str) -> Use:
    """Trace a request feature through the features that it reads."""
    by_name = {use.name.lower(): use for use in made.values()}
    read = [by_name[column.lower()] for column in expression.columns if column.lower() in by_name]
    own = {(each, column) for column in expression.columns if column.lower() not in by_name}
    counted = next((use.rows_of for use in read if use.rows_of), "")
    return Use(name, REQUEST, frozenset(own.union(*(use.made_from for use in read))), counted)


def _features(view: FeatureView) -> Iterable[Use]:
    for feature in view.features:
        made_from = frozenset((view.source.name, column) for column in view.reads(feature))
        counts = feature.column is None and not feature.is_derived
        rows_of = view.source.name if counts or not made_from else ""
        yield from (Use(name, FEATURE, made_from, rows_of) for name in view.columns_of(feature))
