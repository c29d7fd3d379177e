"""Row readers: messages as rows of given columns, whoever wrote their times.

Decoders take the times of RFC 3339 alone. Postgres prints an offset of whole hours without its minutes, and those of
older days with seconds: a row that is refused is looked at again for such times.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from sluiceway.streams.message_row import ANY, row_type

Decode: TypeAlias = Callable[[Any], Any]
PRINTED = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}")


def json_reader(kinds: Mapping[str, str], *, optional: bool = False) -> Decode:
    """Make what reads JSON as a row, as ``message_row.row_type`` makes it; raises what msgspec's decoders do."""
    return _reader(kinds, lambda row: msgspec.json.Decoder(row).decode, optional=optional)


def object_reader(kinds: Mapping[str, str]) -> Decode:
    """Make what reads an object of plain values as a row; raises ``msgspec.ValidationError``."""
    return _reader(kinds, lambda row: lambda value: msgspec.convert(value, row), optional=False)


def printed_time(text: str) -> datetime | None:
    """Read a time as Postgres prints it, or as RFC 3339 has it; ``None`` where it is neither.

    >>> printed_time("2018-02-05 14:00:02+01").isoformat()
    '2018-02-05T14:00:02+01:00'
    """
    try:
        if PRINTED.fullmatch(text):
            return datetime.fromisoformat(text)
        return msgspec.convert(text, datetime)
    except ValueError:  # msgspec's is one
        return None


def _reader(kinds: Mapping[str, str], made: Callable[[type], Decode], *, optional: bool) -> Decode:
    decode = made(row_type(kinds, optional=optional))
    loose = row_type({name: ANY if kind == "time" else kind for name, kind in kinds.items()}, optional=optional)
    decode_loosely = made(loose)
    times = [field for field, kind in zip(loose.__struct_fields__, kinds.values(), strict=True) if kind == "time"]

    def read(value: Any) -> Any:
        try:
            return decode(value)
        except msgspec.ValidationError as error:
            try:
                row = decode_loosely(value)
            except msgspec.ValidationError:
                raise error from None
            for field in times:
                text = getattr(row, field)
                time = printed_time(text) if isinstance(text, str) else text
                if not isinstance(time, datetime | None) or (time is None and text is not None):
                    raise
                setattr(row, field, time)
            return row

    return read if times else decode
