"""Message rows: the shape that a message must have to be a row of a source, checked while it is decoded."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec

from sluiceway.artifacts.table_ref import NUMBERS

WIDEST = 2**63
TEXTS, BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL), re.compile(rb"[\[\]{}]")
Whole = Annotated[int, msgspec.Meta(ge=-WIDEST, le=WIDEST - 1)]
DEEPEST = 100
ANY = "any"
TYPES: Mapping[str, Any] = {
    "integer": Whole, "number": float, "text": str, "boolean": bool, "time": datetime, NUMBERS: list[float | None],
    ANY: Any,
}  # fmt: skip

_columns = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode  # values may be what no decoder takes


def row_type(kinds: Mapping[str, str], *, optional: bool = False) -> type[msgspec.Struct]:
    """Make the type of a row: every column must be there unless ``optional``, with a value of its kind, or null.

    Its fields stand in the order of the columns, whatever these are called; columns it lacks are let by.

    >>> msgspec.json.decode(b'{"n": 1, "other": 2}', type=row_type({"n": "integer"})).c0
    1
    """
    fields = row_fields(kinds)
    default = (None,) if optional else ()
    types: list[Any] = [
        (field, TYPES[kind] | None, *default) for field, kind in zip(fields.values(), kinds.values(), strict=True)
    ]
    return msgspec.defstruct("Row", types, rename={field: name for name, field in fields.items()}, gc=False)


def row_fields(kinds: Mapping[str, str]) -> dict[str, str]:
    """Name the field that a row has each column in."""
    return {name: f"c{place}" for place, name in enumerate(kinds)}


def strictly(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Let a reader of JSON see only what is JSON, also where no column looks.

    It raises ``msgspec.DecodeError`` or ``ValueError`` with the reason.
    """

    def read(value: bytes) -> Any:
        if is_nested_too_deep(value):
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        if not value.isascii():
            value.decode()
        return decode(value)

    return read


def column_names(value: bytes) -> frozenset[str]:
    """List the columns of a message that is JSON; none where that cannot be told.

    >>> sorted(column_names(b'{"n": 1, "x": 1e999}'))
    ['n', 'x']
    """
    try:
        return frozenset(_columns(value))
    except (msgspec.DecodeError, ValueError):
        return frozenset()


def is_nested_too_deep(raw: bytes | msgspec.Raw) -> bool:
    """Tell whether JSON has more than 100 objects and lists inside each other, which decoders may not go down.

    >>> is_nested_too_deep(b"[" * 101 + b"]" * 101), is_nested_too_deep(b'{"a": "[[["}')
    (True, False)
    """
    value = bytes(raw)
    if value.count(b"{") + value.count(b"[") <= DEEPEST:
        return False
    depth = 0
    for sign in BRACKETS.findall(TEXTS.sub(b"", value)):
        depth += 1 if sign in b"{[" else -1
        if depth > DEEPEST:
            return True
    return False
