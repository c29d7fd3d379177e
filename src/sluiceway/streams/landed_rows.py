"""Landed rows: messages that were kept, as rows of their source's table as that is now."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from sluiceway.core.moments import in_utc
from sluiceway.streams.message_row import TYPES, row_type


class LandedRows:
    """Reads kept messages by a table's columns; one that a message lacks, or holds of another kind, is null there."""

    def __init__(self, schema: pa.Schema, kinds: Mapping[str, str]) -> None:
        """Compile what reads a message.

        Args:
            schema: The table's columns, as they are stored.
            kinds: The kind of each of them.
        """
        self._schema, self._kinds = schema, dict(kinds)
        row = row_type(self._kinds, optional=True)
        self._fields = row.__struct_fields__
        self._decode = msgspec.json.Decoder(row).decode
        self._any = msgspec.json.Decoder(dict[str, Any]).decode

    def table(self, values: Iterable[bytes]) -> pa.Table:
        """Give messages as rows, in their order."""
        rows = [self._row(value) for value in values]
        columns = [
            pa.array([_stored(getattr(row, name)) for row in rows], field.type)
            for name, field in zip(self._fields, self._schema, strict=True)
        ]
        return pa.Table.from_arrays(columns, schema=self._schema)

    def _row(self, value: bytes) -> msgspec.Struct:
        try:
            row: msgspec.Struct = self._decode(value)
        except msgspec.ValidationError:
            held = self._any(value)
            whole = {name: held[name] for name, kind in self._kinds.items() if name in held and _fits(held[name], kind)}
            return self._decode(msgspec.json.encode(whole))
        return row


def as_json(opened: object) -> bytes:
    """Write a message that was none as JSON, as it is kept."""
    return msgspec.json.encode(opened)


def _fits(value: object, kind: str) -> bool:
    try:
        msgspec.convert(value, TYPES[kind])
    except msgspec.ValidationError:
        return False
    return True


def _stored(value: object) -> object:
    return in_utc(value) if isinstance(value, datetime) else value
