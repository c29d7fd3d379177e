"""Tables: immutable, by content."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from sluiceway.artifacts.rows import Rows
from sluiceway.artifacts.table_ref import TableRef

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


class TableStore(Protocol):
    """Arrow tables by name and content. Safe to share between threads; one writer process at a time.

    A write is atomic and idempotent: the same rows under the same name give the same content id and, if they are the
    newest, no second copy. A table that was written reads the same for ever, or not at all: no reader ever gets other
    rows than were written. Writing a damaged table's content again makes it whole.
    """

    def write(self, name: str, table: "pa.Table | Rows", *, by: str | None = None) -> TableRef:
        """Store a table under a name such as ``sources/weather``; return how to find this very content again.

        ``Rows`` are of the types that tables are stored in. They are not held, where they are not held already.
        ``by`` names a time column by which many rows may lie apart: what is read differs by it in order alone.
        """

    def read(self, ref: TableRef, columns: Sequence[str] | None = None) -> "pa.Table":
        """Return the rows, of all columns or those named.

        Raises:
            UnknownTableError: they are not there.
            DamagedError: a byte of what is stored is not what was written.
        """

    def scan(self, ref: TableRef) -> "pl.LazyFrame":
        """Return the rows to be read piece by piece: what a query does not need is not read, and never all is held.

        Raises:
            UnknownTableError: they are not there.
            DamagedError: a byte of what is stored is not what was written.
        """

    def files(self, ref: TableRef) -> tuple[str, ...]:
        """Name the Parquet files that hold the rows, as other processes open them; none where there are no files.

        Raises:
            UnknownTableError: they are not there.
            DamagedError: a byte of what is stored is not what was written.
        """

    def has(self, ref: TableRef) -> bool:
        """Tell, quickly, whether this content is there; ``damage`` looks inside."""

    def damage(self, ref: TableRef) -> str:
        """Say how what is stored differs from what was written, by every byte of it; nothing when it is whole."""
