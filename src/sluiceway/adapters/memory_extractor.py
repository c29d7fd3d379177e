"""An extractor over tables in this process, for tests and for trying things out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sluiceway.artifacts.landing import Bound, Counted
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import SourceError
from sluiceway.ports.extractor import Extraction, Origin, Since

if TYPE_CHECKING:
    import pyarrow as pa


class MemoryExtractor:
    """Holds a table for each origin; what is put later is what is read later. It may hand rows out by their cursor."""

    def __init__(self, batch_rows: int = 1000, *, ordered: bool = False) -> None:
        self._ordered = ordered
        self._tables: dict[str, pa.Table] = {}
        self._batch_rows = batch_rows
        self.read_rows = 0

    def put(self, origin: Origin, table: "pa.Table") -> None:
        """Let an origin hold this table from now on."""
        self._tables[digest_of(origin.meaning)] = table

    def place(self, origin: Origin) -> str:
        """Digest the address."""
        return digest_of(origin.url)

    def probe(self, origin: Origin, bound: Bound) -> Counted | None:
        """Count."""
        return self._counted(origin, bound)

    @contextmanager
    def read(self, origin: Origin, since: Since | None = None) -> Iterator[Extraction]:
        """Read what is there now."""
        import pyarrow.compute as pc

        from sluiceway.plans.flat_columns import flat_batch, flat_schema

        table = self._table(origin)
        if since is not None:
            table = table.filter(pc.greater_equal(table[origin.cursor], since.bound.value))
        ordered = self._ordered and origin.cursor is not None
        table = table.sort_by(origin.cursor) if ordered else table
        flat = flat_schema(table.schema)
        batches = (flat_batch(batch, flat) for batch in table.to_batches(max_chunksize=self._batch_rows))
        self.read_rows += table.num_rows
        yield Extraction(flat, batches, self._counted(origin, since.bound if since else None), ordered)

    def _table(self, origin: Origin) -> "pa.Table":
        try:
            return self._tables[digest_of(origin.meaning)]
        except KeyError:
            raise SourceError(f"{origin.shown}: there is no such table") from None

    def _counted(self, origin: Origin, bound: Bound | None) -> Counted:
        import pyarrow.compute as pc

        table = self._table(origin)
        if bound is None:
            return Counted(table.num_rows, 0, 0)
        cursor = table[origin.cursor]
        at, beyond = (pc.sum(sign(cursor, bound.value)).as_py() or 0 for sign in (pc.equal, pc.greater))
        return Counted(table.num_rows, at, beyond)
