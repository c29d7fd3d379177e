"""Landed rows: messages that were kept, as rows of their source's table as that is now."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa

from sluiceway.streams.message_row import row_type
from sluiceway.streams.row_reader import json_reader
from sluiceway.streams.row_values import calendar_time

SUSPECT = "_suspect"


class LandedRows:
    """Reads kept messages by a table's columns; one that a message lacks, or holds of another kind, is null there.

    A message without the source's key is no row. It may have landed where the key was not declared yet.
    """

    def __init__(self, schema: pa.Schema, kinds: Mapping[str, str], keys: Collection[str] = ()) -> None:
        """Compile what reads a message.

        Args:
            schema: The table's columns, as they are stored.
            kinds: The kind of each of them.
            keys: Those that are the source's key.
        """
        self._schema = schema
        row = self._row_type = row_type(kinds, optional=True)
        self._fields = row.__struct_fields__
        self._keys = [field for field, name in zip(self._fields, kinds, strict=True) if name in keys]
        self._decode = json_reader(kinds, optional=True)
        alone = [json_reader({name: kind}, optional=True) for name, kind in kinds.items()]
        self._alone = dict(zip(self._fields, alone, strict=True))

    def table(self, values: Iterable[bytes]) -> pa.Table:
        """Give messages as rows, in their order."""
        rows = [row for row in map(self._row, values) if self._has_keys(row)]
        columns = [
            pa.array([_stored(getattr(row, name)) for row in rows], field.type)
            for name, field in zip(self._fields, self._schema, strict=True)
        ]
        return pa.Table.from_arrays(columns, schema=self._schema)

    def _has_keys(self, row: msgspec.Struct) -> bool:
        return all(_stored(getattr(row, key)) is not None for key in self._keys)

    def _row(self, value: bytes) -> msgspec.Struct:
        try:
            row: msgspec.Struct = self._decode(value)
        except msgspec.ValidationError:
            return self._row_type(**{field: _alone(decode, value) for field, decode in self._alone.items()})
        return row


def each_once(pieces: Iterable[pa.Table], suspects: pa.Table) -> Iterator[pa.Table]:
    """Leave rows out that are equal to one before them, in every column.

    Args:
        pieces: The rows, some at a time.
        suspects: Keys that several of them have, as columns; the rows with other keys are not looked at.
    """
    seen, keys = set[tuple[int, int]](), pl.DataFrame(suspects).with_columns(pl.lit(value=True).alias(SUSPECT))
    for piece in pieces:
        rows = pl.DataFrame(piece)
        marked = rows.join(keys, on=suspects.column_names, how="left", maintain_order="left")
        places = marked.get_column(SUSPECT).is_not_null().arg_true()
        chosen, first = rows[places], [True] * len(rows)
        for place, mark in zip(places, zip(chosen.hash_rows(0), chosen.hash_rows(1), strict=True), strict=True):
            first[place] = mark not in seen
            seen.add(mark)
        yield piece if all(first) else piece.filter(pa.array(first))


def as_json(opened: object) -> bytes:
    """Write a message that was none as JSON, as it is kept."""
    return msgspec.json.encode(opened)


def _alone(decode: Callable[[bytes], Any], value: bytes) -> object:
    try:
        return decode(value).c0
    except msgspec.ValidationError:
        return None


def _stored(value: object) -> object:
    return calendar_time(value) if isinstance(value, datetime) else value
