"""Rows as a relation of DuckDB's: read again by every statement that asks, and as well known to it as a held table."""

from collections.abc import Sequence

import pyarrow as pa
from duckdb._sources import ArrowScanSource, nodes

from sluiceway.artifacts.rows import Rows


class Relation(ArrowScanSource):  # type: ignore[misc]  # DuckDB has no types here
    """Rows to be scanned.

    DuckDB takes any object with ``__arrow_c_stream__``, but then does not know how many rows there are. By their number
    it decides how it joins, and so in which order floats are added up: told it, the same rows give the same bits,
    held or not. That takes DuckDB's own class, which is not among what it documents.
    """

    schema_is_stable = True

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)

    def rows(self) -> int:
        """Tell how many rows there are."""
        return int(self.obj.num_rows)

    def __arrow_c_schema__(self) -> object:
        return self.obj.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.stream(None, ())[0]

    def stream(self, columns: Sequence[int] | None, filters: Sequence[nodes.Node]) -> tuple[object, bool]:  # noqa: ARG002  # none is accepted
        """Begin to read, only what is asked for."""
        rows: Rows = self.obj
        names = None if columns is None else [rows.schema.names[place] for place in columns]
        schema = rows.schema if names is None else pa.schema([rows.schema.field(name) for name in names])
        reader = pa.RecordBatchReader.from_batches(schema, rows.batches(names))
        return reader.__arrow_c_stream__(), names is not None
