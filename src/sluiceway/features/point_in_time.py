"""Point in time: a view's features for every row of a spine, as known at each row's ``_at``."""

from dataclasses import dataclass, field

import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, DatasetVersion
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.binding import kinds_of
from sluiceway.features.held_tables import HeldTables
from sluiceway.features.latest_join import latest_join
from sluiceway.features.window_merge import merge_windows, points_of
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, identity, repeated_sql
from sluiceway.plans.derived import derived_features, derived_sql
from sluiceway.plans.latest import latest_features, latest_sql, supersedes
from sluiceway.plans.snapshot import snapshot_sql
from sluiceway.plans.window_frames import panes_sql
from sluiceway.plans.window_groups import WindowGroup, window_groups
from sluiceway.plans.windows import windows_sql
from sluiceway.ports.engine import Engine
from sluiceway.ports.table_store import TableStore


@dataclass(frozen=True, slots=True)
class Facts:
    """One dataset's sources as far as they were known at ``cutoff``, microseconds since the epoch, and how to ask them.

    What is asked of a source more than once is remembered: the kinds of its columns, whether its facts repeat.
    """

    dataset: DatasetVersion
    tables: TableStore | HeldTables
    engine: Engine
    cutoff: int
    kinds: dict[str, dict[str, str]] = field(default_factory=dict)
    repeats: dict[tuple[str, ...], bool] = field(default_factory=dict)

    def kinds_for(self, view: FeatureView) -> dict[str, str]:
        """Give the kinds of the columns of a view's source."""
        return self.kinds.setdefault(view.source.name, kinds_of(self.dataset, view.source.name))

    def rows(self, view: FeatureView) -> pa.Table:
        """Read what a view uses of its source."""
        columns = [*fact_columns(view), EVENT_TIME, KNOWN_TIME]
        return self.tables.read(self.dataset.table(view.source.name), columns)

    def has_repeats(self, view: FeatureView) -> bool:
        """Tell whether some fact of a view's source, as the view tells facts apart, has more than one row."""
        place = (view.source.name, *identity(view.source.keys, view.entities))
        if place not in self.repeats:
            found = self.ask(repeated_sql(view, table="source", cutoff=self.cutoff), source=self.rows(view))
            self.repeats[place] = bool(found.column(0)[0].as_py())
        return self.repeats[place]

    def ask(self, sql: str, **tables: pa.Table) -> pa.Table:
        """Run one statement over the tables given."""
        return self.engine.query(sql, tables)


def features_at(facts: Facts, view: FeatureView, spine: pa.Table) -> pa.Table:
    """Compute a view for every row of ``spine`` (``_row``, ``_at``, entity columns); gives ``_row`` and features."""
    source, kinds = facts.rows(view), facts.kinds_for(view)
    needed = spine.select(["_row", "_at", *view.entities])
    repeated = facts.has_repeats(view)
    made = [_windows(facts, group, spine=needed, source=source, corrected=repeated) for group in window_groups(view)]
    if latest_features(view) and supersedes(view, repeated=repeated):
        made.append(facts.ask(latest_sql(view, kinds, cutoff=facts.cutoff), spine=needed, source=source))
    elif latest_features(view):
        made.append(latest_join(view, kinds, spine=needed, source=source, cutoff=facts.cutoff))
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
    kinds = facts.kinds_for(view)
    sql = snapshot_sql(view, kinds, cutoff=facts.cutoff, corrected=facts.has_repeats(view))
    if derived_features(view):
        sql = derived_sql(view, kinds, sql, keep=[*view.entities, EVENT, KNOWN])
    return facts.ask(sql, source=facts.rows(view))
