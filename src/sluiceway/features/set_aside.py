"""Set aside: rows that landed, but came too late for a view's stream; and what is known without them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.moments import iso
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.held_tables import HeldTables
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.corrections import fact_columns
from sluiceway.plans.moments_sql import moment_of
from sluiceway.plans.quoting import listed, same
from sluiceway.plans.request_log import INPUT
from sluiceway.plans.set_aside_columns import AT, OFFSET, PARTITION


@dataclass(frozen=True, slots=True)
class SetAside:
    """The rows that were late for one view.

    ``rows`` have the columns that the view uses of its source and its two times, and ``set_aside_columns``. ``landed``
    tells by a moment of wall time which messages had landed by then: of each partition those before an offset.
    """

    view: FeatureView
    rows: pa.Table
    facts: Facts
    landed: Callable[[int], Mapping[int, int]]
    _made: dict[tuple[int, ...], Facts | None] = field(default_factory=dict)

    def without_all(self, written_us: int) -> Facts | None:  # noqa: ARG002 - as one asks for earlier facts
        """Give what is known without any of the rows."""
        return self._without(range(self.rows.num_rows))

    def without(self, written_us: int) -> Facts | None:
        """Give what is known without those that had not landed when a value was written: a stream is sealed then."""
        landed = self.landed(written_us)
        places = zip(self.rows[PARTITION].to_pylist(), self.rows[OFFSET].to_pylist(), strict=True)
        return self._without([row for row, (part, offset) in enumerate(places) if offset >= landed.get(part, 0)])

    def about(self, table: pa.Table, place: int) -> str:
        """Say which of the rows a request should have known, the newest of them by its place.

        Args:
            table: Rows of ``plans.request_log``.
            place: The request's row.
        """
        names = self.view.entities
        asked = {name: table[INPUT + name].slice(place, 1) for name in names} | {"_at": table["at"].slice(place, 1)}
        sql = (
            f"SELECT {PARTITION}, {OFFSET}, {AT}, l.{KNOWN_TIME}, count(*) OVER () FROM late l JOIN asked "
            f"ON {same(names, 'l', 'asked')} AND l.{KNOWN_TIME} <= asked._at "
            f"ORDER BY l.{KNOWN_TIME} DESC, {OFFSET} DESC LIMIT 1"
        )
        found = self.facts.ask(sql, late=self.rows, asked=pa.table(asked))
        if not found.num_rows:
            return ""
        partition, offset, at, known, many = (column[0].as_py() for column in found.columns)
        rows = "a message" if many == 1 else f"{many:,} messages, the newest"
        when = "" if at is None else f" at {iso(moment_of(at))}"
        return (
            f"{rows} of {self.view.source.name} came late: offset {offset} of partition {partition}, known at "
            f"{iso(known)}, was set aside{when} as the stream of {self.view.name} had closed its pane"
        )

    def _without(self, places: Sequence[int]) -> Facts | None:
        if not places:
            return None
        key = tuple(places)
        if key not in self._made:
            self._made[key] = self._reduced(key)
        return self._made[key]

    def _reduced(self, places: Sequence[int]) -> Facts | None:
        ref = self.facts.dataset.table(self.view.source.name)
        if self.facts.large.is_large(ref):
            return None
        columns = listed([*fact_columns(self.view), EVENT_TIME, KNOWN_TIME])
        sql = f"SELECT {columns} FROM now EXCEPT ALL SELECT {columns} FROM late"
        rows = self.facts.ask(sql, now=self.facts.rows(self.view), late=self.rows.take(pa.array(places)))
        return replace(self.facts, tables=HeldTables(_Instead(ref, rows)), repeats={})


@dataclass(frozen=True, slots=True)
class _Instead:
    """Reads one table, which stands in for that of a version."""

    ref: TableRef
    rows: pa.Table

    def read(self, ref: TableRef, columns: Sequence[str] | None = None) -> pa.Table:
        if ref != self.ref:
            raise LookupError(f"only {self.ref.name} is here")
        return self.rows if columns is None else self.rows.select(list(columns))

    def scan(self, ref: TableRef) -> pl.LazyFrame:
        return pl.LazyFrame(self.read(ref))

    def files(self, ref: TableRef) -> tuple[str, ...]:
        raise LookupError(f"{ref.name} is not on disk without some of its rows")
