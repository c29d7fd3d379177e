"""Sides: the rows that stand on one side of a comparison, from one table or pooled from several."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from sluiceway.validate.source_table import SourceTable, arrow_pieces, one_zero

if TYPE_CHECKING:
    import pyarrow as pa

MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Side:
    """Rows of one or more tables of a source; ``taken`` marks those of each table that count, ``None`` for all.

    ``is_new`` where only those count that the other side has not.
    """

    tables: tuple[SourceTable, ...] = ()
    taken: tuple[pl.Series | None, ...] = ()
    is_new: bool = False

    @classmethod
    def of(cls, table: SourceTable) -> "Side":
        """Take a whole table; one without columns makes an empty side."""
        return cls((table,), (None,)) if table.ref.columns else cls()

    @property
    def height(self) -> int:
        """How many rows count."""
        return sum(self._height(place) for place in range(len(self.tables)))

    @property
    def kinds(self) -> dict[str, str]:
        """Each column's kind."""
        return self.tables[0].kinds if self.tables else {}

    def column(self, name: str) -> pl.Series:
        """Read one column's rows."""
        return self.select([name]).to_series()

    def values(self, name: str) -> pl.LazyFrame:
        """One column's rows, unread where all of its tables' rows count."""
        if any(taken is not None for taken in self.taken):
            return self.select([name]).lazy()
        columns = [one_zero(table.lazy.select(name)) for table in self.tables]
        return pl.concat(columns, how="vertical_relaxed")

    def select(self, names: Sequence[str]) -> pl.DataFrame:
        """Read some columns' rows."""
        parts = []
        for table, taken in zip(self.tables, self.taken, strict=True):
            columns = [table.column(name) for name in names]
            parts.append(pl.DataFrame([each if taken is None else each.filter(taken) for each in columns]))
        return pl.concat(parts, how="vertical_relaxed")

    def pieces(self, names: Sequence[str]) -> "Iterator[pa.Table]":
        """Read some columns' rows piece by piece, where none of its tables counts in part; otherwise in one."""
        if any(taken is not None for taken in self.taken):
            yield self.select(names).to_arrow()
            return
        for table in self.tables:
            yield from arrow_pieces(one_zero(table.lazy), names)

    def is_just(self, table: SourceTable) -> bool:
        """Whether it is one table, of the same content."""
        return len(self.tables) == 1 and self.tables[0].ref.content_id == table.ref.content_id

    def _height(self, place: int) -> int:
        taken = self.taken[place]
        return self.tables[place].height if taken is None else int(taken.sum())


def pooled(tables: Sequence[SourceTable]) -> Side:
    """Put earlier tables of a source together, the newest first.

    Tables of the same content count once, as does a row that several versions hold, where rows can be told apart. A
    table of other columns than the newest is left out: what it lacks would look like missing values.
    """
    newest = next((table for table in tables if table.ref.columns), None)
    if newest is None:
        return Side()
    alike = {table.ref.content_id: table for table in reversed(tables) if table.kinds == newest.kinds}
    kept = list(reversed(alike.values()))
    if len(kept) == 1:
        return Side.of(kept[0])
    hashes = [row_hashes(table, list(newest.kinds)) for table in kept]
    if not all(_told_apart(each) for each in hashes):
        return Side(tuple(kept), (None,) * len(kept))
    later = (~hashes[place].is_in(pl.concat(hashes[:place]).implode()) for place in range(1, len(kept)))
    return Side(tuple(kept), (None, *later))


def new_rows(current: Side, then: Side) -> Side | None:
    """Keep the rows that a reference has not, where most of the reference's stand there too, unchanged.

    ``None`` where they do not: then this is another batch, and all of it is new. ``None`` too where rows cannot be told
    apart, as two with the same values need not be the same.
    """
    names = [name for name in current.kinds if name in then.kinds]
    if not names or len(current.tables) != 1:
        return None
    now = row_hashes(current.tables[0], names)
    before = pl.concat([row_hashes(table, names) for table in then.tables]).unique()
    if not _told_apart(now) or then.height > len(before):
        return None
    known = now.is_in(before.implode())
    if int(known.sum()) < MOSTLY * len(before):
        return None
    return replace(current, taken=(~known,), is_new=True)


def row_hashes(table: SourceTable, names: Sequence[str]) -> pl.Series:
    """Hash each row over some columns, which tells whether two rows are alike within one process."""
    return table.lazy.select(pl.struct(list(names)).hash(seed=0).alias("row")).collect(engine="streaming").to_series()


def _told_apart(hashes: pl.Series) -> bool:
    return hashes.n_unique() == len(hashes)
