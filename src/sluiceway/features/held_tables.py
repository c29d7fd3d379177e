"""Held tables: what several views read of one source is read once."""

from collections.abc import Sequence
from typing import Protocol

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.table_ref import TableRef

MOST_BYTES = 1 << 30


class TableReader(Protocol):
    """What reads whole tables: a store, or what stands before one."""

    def read(self, ref: TableRef, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows, of all columns or those named."""

    def scan(self, ref: TableRef) -> pl.LazyFrame:
        """Return the rows to be read piece by piece."""

    def files(self, ref: TableRef) -> tuple[str, ...]:
        """Name the Parquet files that hold the rows."""


class HeldTables:
    """Reads tables from a store and keeps the last ones read, up to ``most_bytes`` of them. For one thread."""

    def __init__(self, store: TableReader, *, most_bytes: int = MOST_BYTES) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._held: dict[tuple[str, str], pa.Table] = {}

    def read(self, ref: TableRef, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows, of all columns or those named.

        Raises:
            UnknownTableError, UnknownNameError, DamagedError: as the store does.
        """
        wanted = list(ref.column_names if columns is None else columns)
        held = self._held.pop((ref.name, ref.content_id), None)
        if held is None or not set(wanted) <= set(held.column_names):
            both = dict.fromkeys([*wanted, *(held.column_names if held is not None else ())])
            held = self._store.read(ref, list(both))
        self._hold(ref, held)
        return held.select(wanted)

    def scan(self, ref: TableRef) -> pl.LazyFrame:
        """Return the rows to be read piece by piece, from the store: none are held.

        Raises:
            UnknownTableError, DamagedError: as the store does.
        """
        return self._store.scan(ref)

    def files(self, ref: TableRef) -> tuple[str, ...]:
        """Name the Parquet files that hold the rows, as the store does."""
        return self._store.files(ref)

    def _hold(self, ref: TableRef, table: pa.Table) -> None:
        """Keep the newest and let the oldest go."""
        self._held[ref.name, ref.content_id] = table
        while sum(one.nbytes for one in self._held.values()) > self._most_bytes:
            del self._held[next(iter(self._held))]
