"""Point in time: a view's features for every row of a spine, as known at each row's ``_at``."""

from dataclasses import dataclass, field

import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, DatasetVersion
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.binding import kinds_of
from sluiceway.features.latest_join import latest_join
from sluiceway.plans.corrections import fact_columns, repeated_sql
from sluiceway.plans.latest import latest_features, latest_sql, supersedes
from sluiceway.plans.snapshot import snapshot_sql
from sluiceway.plans.window_frames import window_features
from sluiceway.plans.windows import windows_sql
from sluiceway.ports.engine import Engine
from sluiceway.ports.table_store import TableStore


@dataclass(frozen=True, slots=True)
class Facts:
    """One dataset's sources as far as they were known at ``cutoff``, microseconds since the epoch, and how to ask them.

    Tables are read once each view and let go.
    """

    dataset: DatasetVersion
    tables: TableStore
    engine: Engine
    cutoff: int
    kinds: dict[str, dict[str, str]] = field(default_factory=dict)

    def kinds_for(self, view: FeatureView) -> dict[str, str]:
        """Give the kinds of the columns of a view's source."""
        return self.kinds.setdefault(view.source.name, kinds_of(self.dataset, view.source.name))

    def rows(self, view: FeatureView) -> pa.Table:
        """Read what a view uses of its source."""
        columns = [*fact_columns(view), EVENT_TIME, KNOWN_TIME]
        return self.tables.read(self.dataset.table(view.source.name), columns)

    def ask(self, sql: str, **tables: pa.Table) -> pa.Table:
        """Run one statement over the tables given."""
        return self.engine.query(sql, tables)


def features_at(facts: Facts, view: FeatureView, spine: pa.Table) -> pa.Table:
    """Compute a view for every row of ``spine`` (``_row``, ``_at``, entity columns); gives ``_row`` and features."""
    source, kinds = facts.rows(view), facts.kinds_for(view)
    needed = spine.select(["_row", "_at", *view.entities])
    repeated = _flag(facts, repeated_sql(view, table="source", cutoff=facts.cutoff), source)
    made = []
    if window_features(view):
        sql = windows_sql(view, kinds, cutoff=facts.cutoff, corrected=repeated)
        made.append(facts.ask(sql, spine=needed, source=source))
    if latest_features(view) and supersedes(view, repeated=repeated):
        made.append(facts.ask(latest_sql(view, kinds, cutoff=facts.cutoff), spine=needed, source=source))
    elif latest_features(view):
        made.append(latest_join(view, kinds, spine=needed, source=source, cutoff=facts.cutoff))
    if len(made) == 1:
        return made[0]
    return facts.ask("SELECT * FROM windows JOIN newest USING (_row)", windows=made[0], newest=made[1])


def features_now(facts: Facts, view: FeatureView) -> pa.Table:
    """Compute a view for every entity as of the cutoff, by plain aggregation (see ``plans.snapshot``)."""
    sql = snapshot_sql(view, facts.kinds_for(view), cutoff=facts.cutoff)
    return facts.ask(sql, source=facts.rows(view))


def _flag(facts: Facts, sql: str, source: pa.Table) -> bool:
    return bool(facts.ask(sql, source=source).column(0)[0].as_py())
