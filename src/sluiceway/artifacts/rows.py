"""Rows: a table that need not be held, to be gone through as often as one likes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every command loads the artifacts, few of them a table
    import pyarrow as pa

# DuckDB works on so many rows at once: where a batch ends between them, floats would be added up in other groups.
TOGETHER = 2048
BATCH_ROWS, BATCH_BYTES = 64 * TOGETHER, 16 * 1024**2


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Rows:
    """Rows in their order, held in memory or read piece by piece from where an engine put them.

    Attributes:
        schema: The columns.
        num_rows: How many rows there are.
        read: Begins to read some columns, ``None`` for all; of rows, every batch but the last has a multiple of
            ``TOGETHER``, at most ``BATCH_ROWS``, fewer where rows are wide.
        held: The rows as a table, where they are held.
        files: Parquet files with these columns and rows, and perhaps more columns, for who reads files by itself; none
            where they lie otherwise.
    """

    schema: "pa.Schema"
    num_rows: int
    read: "Callable[[Sequence[str] | None], Iterator[pa.RecordBatch]]"
    held: "pa.Table | None" = None
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: "pa.Table") -> "Rows":
        """Take a table that is held."""

        def read(columns: Sequence[str] | None) -> "Iterator[pa.RecordBatch]":
            return in_batches([table if columns is None else table.select(list(columns))])

        return cls(table.schema, table.num_rows, read, table)

    def batches(self, columns: Sequence[str] | None = None) -> "Iterator[pa.RecordBatch]":
        """Read the rows from the first on, of all columns or those named."""
        return self.read(columns)

    def select(self, columns: Sequence[str]) -> "Rows":
        """Leave only some columns."""
        import pyarrow as pa

        if self.held is not None:
            return Rows.of(self.held.select(list(columns)))
        schema = pa.schema([self.schema.field(name) for name in columns])
        return Rows(
            schema,
            self.num_rows,
            lambda wanted: self.read(columns if wanted is None else wanted),
            files=self.files,
        )

    def beside(self, missing: "Mapping[str, pa.DataType]") -> "Rows":
        """Add columns without values."""
        import pyarrow as pa

        schema = pa.schema([*self.schema, *missing.items()])

        def read(columns: Sequence[str] | None) -> "Iterator[pa.RecordBatch]":
            wanted = schema.names if columns is None else list(columns)
            for batch in self.read([name for name in wanted if name not in missing] or self.schema.names[:1]):
                nothing = {name: pa.nulls(batch.num_rows, kind) for name, kind in missing.items()}
                yield pa.record_batch({name: nothing[name] if name in nothing else batch[name] for name in wanted})

        rows = Rows(schema, self.num_rows, read)
        return rows if self.held is None else Rows.of(rows.table())

    def tables(self) -> "Iterator[pa.Table]":
        """Read the rows from the first on, each batch as a table; at least one, so that the columns are known."""
        import pyarrow as pa

        batches = self.read(None)
        yield pa.Table.from_batches([batch for batch in [next(batches, None)] if batch is not None], self.schema)
        for batch in batches:
            yield pa.Table.from_batches([batch], self.schema)

    def table(self, columns: Sequence[str] | None = None) -> "pa.Table":
        """Hold the rows, of all columns or those named."""
        import pyarrow as pa

        if self.held is not None:
            return self.held if columns is None else self.held.select(list(columns))
        chosen = self.schema if columns is None else pa.schema([self.schema.field(name) for name in columns])
        return pa.Table.from_batches(self.batches(columns), chosen)


def in_batches(pieces: "Iterable[pa.Table]") -> "Iterator[pa.RecordBatch]":
    """Cut tables of one schema, one after the other, into batches as ``Rows`` has them, whatever pieces they are in."""
    pending: list[pa.Table] = []
    count = 0
    for piece in pieces:
        start, most = 0, _rows_of_a_batch(piece)
        while start < piece.num_rows:
            end = max(most, -(-count // TOGETHER) * TOGETHER)
            taken = piece.slice(start, end - count)
            start, count = start + taken.num_rows, count + taken.num_rows
            pending += [taken] if taken.num_rows else []
            if count == end:
                yield _joined(pending)
                pending, count = [], 0
    if count:
        yield _joined(pending)


def _rows_of_a_batch(piece: "pa.Table") -> int:
    fitting: int = BATCH_BYTES * piece.num_rows // max(piece.nbytes, 1)
    return min(max(fitting // TOGETHER, 1) * TOGETHER, BATCH_ROWS)


def _joined(pieces: "list[pa.Table]") -> "pa.RecordBatch":
    import pyarrow as pa

    [batch] = pa.concat_tables(pieces).combine_chunks().to_batches()
    return batch
