"""A source's table: its rows as known by a moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import polars.selectors as cs

from sluiceway.artifacts.dataset_version import KNOWN_TIME, DatasetVersion
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ports.table_store import TableStore


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A source with its rows; a version without the source has a table without columns."""

    source: Source
    ref: TableRef
    frame: pl.DataFrame

    @property
    def kinds(self) -> dict[str, str]:
        """Each column's kind, as in ``artifacts.table_ref``."""
        return {column.name: column.type for column in self.ref.columns}

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.frame.height

    @property
    def lazy(self) -> pl.LazyFrame:
        """The rows, unread."""
        return self.frame.lazy()

    def column(self, name: str) -> pl.Series:
        """Read one column."""
        return self.frame[name]


def validated_sources(project: Project) -> Iterator[Source]:
    """Yield the sources that anything is expected of: those with expectations or with times."""
    for source in project.sources.values():
        if source.expectations or not source.is_timeless:
            yield source


def read_source(source: Source, dataset: DatasetVersion, as_of: datetime | None, tables: TableStore) -> SourceTable:
    """Read the rows that were known at ``as_of``; rows whose known time is missing stay, to be found wanting."""
    try:
        ref = dataset.table(source.name)
    except UnknownNameError:
        return SourceTable(source, TableRef(source.name, "", 0, ()), pl.DataFrame())
    frame = one_zero(pl.DataFrame(tables.read(ref)))
    if as_of is not None and KNOWN_TIME in frame.columns:
        known = pl.col(KNOWN_TIME)
        frame = frame.filter(known.is_null() | (known <= as_of))
    return SourceTable(source, ref, frame)


def one_zero(frame: pl.DataFrame) -> pl.DataFrame:
    """Write every negative zero as zero: the two are equal, so that the rows' order would say which one is shown."""
    floats = cs.float()
    return frame.with_columns(pl.when(floats == 0).then(0.0).otherwise(floats).name.keep())
