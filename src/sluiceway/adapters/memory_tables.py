"""Tables in memory: for tests."""

from collections.abc import Callable, Sequence

import polars as pl
import pyarrow as pa

from sluiceway.adapters.table_names import checked_name, require_columns
from sluiceway.artifacts.rows import Rows
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.errors import UnknownTableError
from sluiceway.plans.table_digest import normalise, table_ref
from sluiceway.ports.sweepable import TABLE, Leftover


class MemoryTables:
    """Tables in a dictionary by name and content. Shared by the threads of one process, and gone with it."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, str], pa.Table] = {}

    def write(self, name: str, table: pa.Table | Rows, *, by: str | None = None) -> TableRef:  # noqa: ARG002
        """Store a table under a name; return how to find this very content again."""
        stored = normalise(table.table() if isinstance(table, Rows) else table)
        ref = table_ref(checked_name(name), stored)
        self._tables.setdefault((name, ref.content_id), stored)
        return ref

    def read(self, ref: TableRef, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows, of all columns or those named. Raises ``UnknownTableError`` if they are not there."""
        table = self._tables.get((ref.name, ref.content_id))
        if table is None:
            raise UnknownTableError(ref.name, ref.content_id)
        require_columns(ref, columns)
        return table if columns is None else table.select(list(columns))

    def scan(self, ref: TableRef) -> pl.LazyFrame:
        """Return the rows to be read piece by piece. Raises ``UnknownTableError`` if they are not there."""
        return pl.DataFrame(self.read(ref)).lazy()

    def files(self, ref: TableRef) -> tuple[str, ...]:
        """Name no files. Raises ``UnknownTableError`` if the rows are not there."""
        self.read(ref)
        return ()

    def has(self, ref: TableRef) -> bool:
        """Tell whether this content is there."""
        return (ref.name, ref.content_id) in self._tables

    def damage(self, ref: TableRef) -> str:
        """Say what is damaged: nothing, unless the content is not there."""
        return "" if self.has(ref) else "it is missing"

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name the contents that are not kept."""
        held = {f"{name}@{content_id}": table.nbytes for (name, content_id), table in self._tables.items()}
        return [Leftover(key, size, TABLE) for key, size in sorted(held.items()) if not is_kept(key)]

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what was named."""
        for each in found:
            name, _, content_id = each.key.rpartition("@")
            self._tables.pop((name, content_id), None)
