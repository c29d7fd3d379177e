"""A source's table: its rows as known by a moment, read piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl
import polars.selectors as cs

from sluiceway.artifacts.dataset_version import KNOWN_TIME, QUARANTINE_FOLDER, DatasetVersion
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ports.table_store import TableStore

if TYPE_CHECKING:
    import pyarrow as pa

UNCOUNTED = -1
PIECE_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A source with its rows; a version without the source has a table without columns.

    ``rows`` are those that everything is built on, ``apart`` those in quarantine, of the same columns; neither is held.
    """

    source: Source
    ref: TableRef
    rows: pl.LazyFrame | pl.DataFrame
    apart: pl.LazyFrame | None = None
    height: int = UNCOUNTED

    def __post_init__(self) -> None:
        if self.height == UNCOUNTED:
            object.__setattr__(self, "height", counted(self.rows.lazy()))

    @property
    def kinds(self) -> dict[str, str]:
        """Each column's kind, as in ``artifacts.table_ref``."""
        return {column.name: column.type for column in self.ref.columns}

    @property
    def lazy(self) -> pl.LazyFrame:
        """The rows, unread."""
        return self.rows.lazy()

    @property
    def nothing(self) -> str:
        """Say why there is no row, where there is none."""
        return "the table is empty" if self.apart is None else f"all rows are in {QUARANTINE_FOLDER}{self.source.name}"

    @property
    def everything(self) -> pl.LazyFrame:
        """The rows with those in quarantine, unread."""
        return self.lazy if self.apart is None else pl.concat([self.lazy, self.apart.select(self.ref.column_names)])

    def column(self, name: str) -> pl.Series:
        """Read one column."""
        return one_zero(self.lazy.select(name)).collect(engine="streaming").to_series()


def validated_sources(project: Project) -> Iterator[Source]:
    """Yield the sources that anything is expected of: those with expectations or with times."""
    for source in project.sources.values():
        if source.expectations or not source.is_timeless:
            yield source


def read_source(source: Source, dataset: DatasetVersion, as_of: datetime | None, tables: TableStore) -> SourceTable:
    """Find the rows that were known at ``as_of``; rows whose known time is missing stay, to be found wanting."""
    try:
        ref = dataset.table(source.name)
    except UnknownNameError:
        return SourceTable(source, TableRef(source.name, "", 0, ()), pl.LazyFrame())
    rows = known_by(tables.scan(ref), ref, as_of)
    broken = dataset.quarantined(source.name)
    apart = None if broken is None else known_by(tables.scan(broken), broken, as_of)
    height = ref.rows if as_of is None or KNOWN_TIME not in ref.column_names else UNCOUNTED
    return SourceTable(source, ref, rows, apart, height)


def known_by(rows: pl.LazyFrame, ref: TableRef, as_of: datetime | None) -> pl.LazyFrame:
    """Leave out the rows that became known after a moment (UTC), if one is given and the rows have times."""
    if as_of is None or KNOWN_TIME not in ref.column_names:
        return rows
    known = pl.col(KNOWN_TIME)
    return rows.filter(known.is_null() | (known <= as_of))


def counted(rows: pl.LazyFrame) -> int:
    """Count rows."""
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def one_zero(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Write every negative zero as zero: the two are equal, so that the rows' order would say which one is shown."""
    floats = cs.float()
    return rows.with_columns(pl.when(floats == 0).then(0.0).otherwise(floats).name.keep())


def arrow_pieces(rows: pl.LazyFrame, columns: Sequence[str]) -> "Iterator[pa.Table]":
    """Read some columns piece by piece, each with at most ``PIECE_ROWS`` rows and none without any."""
    pieces = rows.select(columns).collect_batches(chunk_size=PIECE_ROWS, maintain_order=False, engine="streaming")
    return (piece.to_arrow() for piece in pieces if piece.height)
