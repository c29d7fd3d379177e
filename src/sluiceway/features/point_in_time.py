"""Point in time: a view's features for every row of a spine, as known at each row's ``_at``.

A source of many rows is never held: it is laid out by the view's entities (``fact_layout``) and asked part by part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, DatasetVersion
from sluiceway.artifacts.rows import Rows
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.binding import kinds_of
from sluiceway.features.by_parts import all_by_parts, asked_by_parts
from sluiceway.features.fact_layout import MARK
from sluiceway.features.failing_rows import told_of
from sluiceway.features.held_tables import HeldTables
from sluiceway.features.large_sources import LargeSources
from sluiceway.features.latest_join import latest_join
from sluiceway.features.marked_join import marked_join
from sluiceway.features.stored_facts import StoredFacts, is_asked_by_column
from sluiceway.features.stored_rows import stored_rows
from sluiceway.features.window_merge import merge_windows, points_of
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, identity, repeated_sql
from sluiceway.plans.derived import derived_features, derived_sql
from sluiceway.plans.latest import latest_features, latest_sql, supersedes
from sluiceway.plans.plain_joins import plain_sql
from sluiceway.plans.snapshot import snapshot_sql
from sluiceway.plans.window_frames import panes_sql
from sluiceway.plans.window_groups import WindowGroup, window_groups
from sluiceway.plans.windows import windows_sql
from sluiceway.ports.engine import Engine
from sluiceway.ports.plan_runner import PlanRunner
from sluiceway.ports.table_store import TableStore


@dataclass(frozen=True, slots=True)
class Facts:
    """One dataset's sources as far as they were known at ``cutoff``, microseconds since the epoch, and how to ask them.

    What is asked of a source more than once is remembered: the kinds of its columns, whether its facts repeat.
    ``large`` tells which sources are large, and lays them out. With ``elsewhere``, views are computed there.
    """

    dataset: DatasetVersion
    tables: TableStore | HeldTables
    engine: Engine
    cutoff: int
    kinds: dict[str, dict[str, str]] = field(default_factory=dict)
    repeats: dict[tuple[str, ...], bool] = field(default_factory=dict)
    large: LargeSources = field(default_factory=LargeSources)
    elsewhere: PlanRunner | None = None

    def kinds_for(self, view: FeatureView) -> dict[str, str]:
        """Give the kinds of the columns of a view's source."""
        return self.kinds.setdefault(view.source.name, kinds_of(self.dataset, view.source.name))

    def rows(self, view: FeatureView) -> pa.Table:
        """Read what a view uses of its source."""
        columns = [*fact_columns(view), EVENT_TIME, KNOWN_TIME]
        return self.tables.read(self.dataset.table(view.source.name), columns)

    def given(self, view: FeatureView) -> pa.Table | Rows:
        """Give what a view uses of its source; a large one is not held, but read where it lies."""
        ref = self.dataset.table(view.source.name)
        if not self.large.is_large(ref):
            return self.rows(view)
        rows = stored_rows(self.tables.scan(ref), ref.rows, self.tables.files(ref))
        return rows.select([*fact_columns(view), EVENT_TIME, KNOWN_TIME])

    def rows_about(self, view: FeatureView, asked: pa.Table) -> pa.Table:
        """Read what a view uses of its source, or of a large one at least all that bears on the entities asked for."""
        ref = self.dataset.table(view.source.name)
        if not self.large.is_large(ref):
            return self.rows(view)
        return self.large.layout(view, ref, self.tables).facts_of(asked, view.entities)

    def whole(self, source: str, columns: Sequence[str] | None = None) -> pa.Table | Rows:
        """Give all rows of a source, or some of their columns, to statements, which read a large one as they go."""
        ref = self.dataset.table(source)
        if not self.large.is_large(ref):
            return self.tables.read(ref, columns)
        rows = self.tables.scan(ref)
        return stored_rows(rows if columns is None else rows.select(columns), ref.rows)

    def has_repeats(self, view: FeatureView, source: pa.Table | Rows) -> bool:
        """Tell whether some fact of a view's source, as the view tells facts apart, has more than one row of it."""
        place = (view.source.name, *identity(view.source.keys, view.entities))
        if place not in self.repeats:
            self.repeats[place] = self.repeat(view, source)
        return self.repeats[place]

    def repeat(self, view: FeatureView, source: pa.Table | Rows) -> bool:
        """Tell whether some fact among given rows has more than one."""
        if not identity(view.source.keys, view.entities):
            return False
        runner = self.elsewhere if isinstance(source, Rows) and self.elsewhere else self.engine
        found = runner.query(repeated_sql(view, table="source", cutoff=self.cutoff), {"source": source})
        return bool(found.column(0)[0].as_py())

    def ask(self, sql: str, **tables: pa.Table | Rows) -> pa.Table:
        """Run one statement over the tables given."""
        return self.engine.query(sql, tables)


def features_at(facts: Facts, view: FeatureView, spine: pa.Table) -> pa.Table:
    """Compute a view for every row of ``spine`` (``_row``, ``_at``, entity columns); gives ``_row`` and features."""
    needed = spine.select(["_row", "_at", *view.entities])
    ref = facts.dataset.table(view.source.name)
    if facts.elsewhere is not None:
        return features_elsewhere(facts, facts.elsewhere, view, needed)
    if not facts.large.is_large(ref):
        if is_asked_by_column(view, ref):
            stored = StoredFacts(facts.tables.scan(ref))
            return latest_join(view, facts.kinds_for(view), spine=needed, source=stored, cutoff=facts.cutoff)
        source = facts.rows(view)
        return features_of(facts, view, needed, source=source, repeated=facts.has_repeats(view, source))

    def answer(number: int, asked: pa.Table, source: pa.Table) -> pa.Table:
        return facts.large.kept(
            ("features", view.digest, facts.kinds_for(view), facts.cutoff, number),
            ref,
            asked,
            lambda: features_of(facts, view, asked, source=source, repeated=facts.repeat(view, source)),
        )

    layout = facts.large.layout(view, ref, facts.tables)
    facts.large.progress.say(f"computing {view.name}")
    return asked_by_parts(layout, needed, view.entities, answer=answer, progress=facts.large.progress)


def features_elsewhere(facts: Facts, runner: PlanRunner, view: FeatureView, spine: pa.Table) -> pa.Table:
    """Compute a view as ``features_at`` does, by a runner; what it reads of a large source never comes here."""
    source = facts.given(view)
    repeated = facts.has_repeats(view, source)
    sql = plain_sql(view, facts.kinds_for(view), cutoff=facts.cutoff, corrected=repeated)
    return runner.query(sql, {"spine": spine, "source": source})


def kept_features(facts: Facts, view: FeatureView, spine: pa.Table) -> pa.Table:
    """Compute a view as ``features_at`` does, unless that was done before for the same rows, facts and cutoff."""
    ref = facts.dataset.table(view.source.name)
    if facts.large.is_large(ref) and facts.elsewhere is None:  # of which every part is kept by itself
        return features_at(facts, view, spine)
    about = ("view", view.digest, facts.kinds_for(view), facts.cutoff)
    asked = spine.select(["_row", "_at", *view.entities])
    return facts.large.kept(about, ref, asked, lambda: features_at(facts, view, spine))


def features_of(facts: Facts, view: FeatureView, spine: pa.Table, *, source: pa.Table, repeated: bool) -> pa.Table:
    """Compute a view from given rows of its source, which need be but those of the spine's entities.

    Args:
        facts: The cutoff, the kinds of columns and the engine.
        view: What to compute.
        spine: ``_row``, ``_at`` and the entity columns.
        source: All facts of these entities, and all versions of each of them.
        repeated: Whether some fact has more than one row.
    """
    with told_of((), facts.engine, what=f"view {view.name!r}"):
        return _features_of(facts, view, spine, source=source, repeated=repeated)


def _features_of(facts: Facts, view: FeatureView, spine: pa.Table, *, source: pa.Table, repeated: bool) -> pa.Table:
    kinds = facts.kinds_for(view)
    made = [_windows(facts, group, spine=spine, source=source, corrected=repeated) for group in window_groups(view)]
    if latest_features(view) and supersedes(view, repeated=repeated):
        made.append(facts.ask(latest_sql(view, kinds, cutoff=facts.cutoff), spine=spine, source=source))
    elif latest_features(view):
        join = marked_join if MARK in source.column_names else latest_join
        made.append(join(view, kinds, spine=spine, source=source, cutoff=facts.cutoff))
    if len(made) == 1 and not derived_features(view):
        return made[0]
    parts = {f"part_{number}": part for number, part in enumerate(made)}
    joined = "part_0" + "".join(f" JOIN {name} USING (_row)" for name in list(parts)[1:])
    return facts.ask(derived_sql(view, kinds, f"SELECT * FROM {joined}", keep=["_row"]), **parts)


def _windows(facts: Facts, group: WindowGroup, *, spine: pa.Table, source: pa.Table, corrected: bool) -> pa.Table:
    kinds, points = facts.kinds_for(group.view), points_of(group, spine)
    sql = panes_sql(group, kinds, cutoff=facts.cutoff, corrected=corrected)
    panes = facts.ask(sql, source=source, points=points.select(["_pane"]))
    frames = merge_windows(group, kinds, panes=panes, points=points)
    sql = windows_sql(group, kinds, cutoff=facts.cutoff, corrected=corrected)
    return facts.ask(sql, spine=spine, source=source, frames=frames)


def features_now(facts: Facts, view: FeatureView) -> pa.Table:
    """Compute a view for every entity as of the cutoff, by plain aggregation (see ``plans.snapshot``)."""
    ref, kinds = facts.dataset.table(view.source.name), facts.kinds_for(view)

    def snapshot(source: pa.Table | Rows, *, corrected: bool) -> pa.Table:
        sql = snapshot_sql(view, kinds, cutoff=facts.cutoff, corrected=corrected)
        if derived_features(view):
            sql = derived_sql(view, kinds, sql, keep=[*view.entities, EVENT, KNOWN])
        with told_of((), facts.engine, what=f"view {view.name!r}"):
            return facts.elsewhere.query(sql, {"source": source}) if facts.elsewhere else facts.ask(sql, source=source)

    if facts.elsewhere is not None or not facts.large.is_large(ref):
        source = facts.given(view)
        return snapshot(source, corrected=facts.has_repeats(view, source))
    layout = facts.large.layout(view, ref, facts.tables)
    return all_by_parts(layout, view.entities, lambda part: snapshot(part, corrected=facts.repeat(view, part)))
