"""Pane rows: a view's rows by the panes they lie in, as partials; and facts as rows again."""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import pack_key
from sluiceway.plans.window_groups import window_groups
from sluiceway.streams.entity_panes import EntityPanes, Partials, Place
from sluiceway.streams.fact_names import NOBODY
from sluiceway.streams.fact_order import Fact
from sluiceway.streams.fact_versions import FactVersions
from sluiceway.streams.stored_kinds import STORED

PLACE = "_pane"


class PaneRows:
    """Puts the rows of one view into its panes, by the time that its windows are of."""

    def __init__(self, view: FeatureView, kinds: Mapping[str, str], panes: EntityPanes) -> None:
        self._names = list(view.entities)
        self._every, self._time = length(view.every), window_groups(view)[0].time
        self._panes = panes
        self._kept: dict[str, pl.DataType] = {name: STORED[kinds[name]] for name in fact_columns(view)}

    def merge(self, rows: pl.DataFrame) -> None:
        """Merge rows into the panes that some window may still reach."""
        for place, partials in self._grouped(rows):
            if self._panes.reaches(place[1]):
                self._panes.add(place, partials)

    def renew(self, rows: pl.DataFrame) -> None:
        """Let panes hold these rows and no others, where some window may still reach them."""
        for place, partials in self._grouped(rows):
            if self._panes.reaches(place[1]) and self._panes.get(place) != partials:
                self._panes.put(place, partials)

    def recount(self, versions: FactVersions, end: int) -> None:
        """Merge what counts since panes before ``end`` are over, and make panes anew that lost a fact."""
        begun, over = versions.end_panes(end)
        lost = {versions.place(fact) for fact in over}
        anew = {place for place in lost if place[0] != NOBODY and self._panes.reaches(place[1])}
        self.merge(self._frame([fact for fact in begun if versions.place(fact) not in anew] if anew else begun))
        made = dict(self._grouped(self._frame([fact for place in anew for fact in versions.in_pane(place)])))
        for place in anew:
            self._panes.put(place, made.get(place))

    def _grouped(self, rows: pl.DataFrame) -> Iterable[tuple[Place, Partials]]:
        width = len(self._names)
        grouped = (
            self._panes.partials.ready(rows.drop_nulls(self._names))
            .with_columns((pl.col(self._time) // self._every).alias(PLACE))
            .group_by([*self._names, PLACE])
            .agg(self._panes.partials.of_rows)
        )
        for row in grouped.iter_rows():
            yield (pack_key(row[:width]), row[width]), self._panes.partials.read(row[width + 1 :])

    def _frame(self, facts: Sequence[Fact]) -> pl.DataFrame:
        columns = zip(*(fact.values for fact in facts), strict=True) if facts else [()] * len(self._kept)
        named = zip(self._kept.items(), columns, strict=True)
        kept = [pl.Series(name, values, dtype) for (name, dtype), values in named]
        times = {EVENT: [fact.event for fact in facts], KNOWN: [fact.known for fact in facts]}
        return pl.DataFrame([*(pl.Series(name, values, pl.Int64) for name, values in times.items()), *kept])
