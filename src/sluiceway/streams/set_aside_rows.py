"""Set-aside rows: landed messages of some places as rows of their source's table, with these places."""

from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.plans.corrections import EVENT, KNOWN
from sluiceway.plans.set_aside_columns import AT, OFFSET, PARTITION
from sluiceway.streams.decoding import RowDecoder

Place = tuple[int, int]  # a partition and an offset


class SetAsideRows:
    """Picks messages out of landed parts, and decodes them."""

    def __init__(self, decoder: RowDecoder, places: Mapping[Place, int | None]) -> None:
        """Look for ``places``, each with when its message was set aside, in microseconds."""
        self._decoder, self._places = decoder, places
        self._frames: list[pl.DataFrame] = []

    def wants(self, partition: int) -> bool:
        """Whether any place is in a partition."""
        return any(number == partition for number, _ in self._places)

    def add(self, partition: int, part: pa.Table) -> None:
        """Look through a landed part: a table of offsets and values."""
        pairs = zip(part["offset"].to_pylist(), part["value"].to_pylist(), strict=True)
        chosen = [(offset, value) for offset, value in pairs if (partition, offset) in self._places]
        rows = self._decoder.decode([offset for offset, _ in chosen], [value for _, value in chosen]).rows
        at = [self._places[partition, offset] for offset in rows[OFFSET]]
        number = pl.lit(partition, pl.Int64).alias(PARTITION)
        self._frames.append(rows.with_columns(number, pl.Series(AT, at, pl.Int64)))

    def table(self, schema: pa.Schema) -> pa.Table | None:
        """Give what was found, with the columns of a source's table as they are stored; ``None`` if it is nothing."""
        found = pl.concat(self._frames) if self._frames else None
        if found is None or not len(found):
            return None
        rows = found.rename({EVENT: EVENT_TIME, KNOWN: KNOWN_TIME})
        times = [field.name for field in schema if pa.types.is_timestamp(field.type)]
        rows = rows.with_columns(pl.col(name).cast(pl.Datetime("us", "UTC")) for name in times)
        own: Sequence[str] = (PARTITION, OFFSET, AT)
        table = rows.select(schema.names).to_arrow().cast(schema)
        for name in own:
            table = table.append_column(name, rows.get_column(name).to_arrow())
        return table
