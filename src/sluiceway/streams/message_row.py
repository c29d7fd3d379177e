"""Message rows: the shape that a message must have to be a row of a source, checked while it is decoded."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from sluiceway.artifacts.table_ref import NUMBERS

WIDEST = 2**63
TEXTS, BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL), re.compile(rb"[\[\]{}]")
Whole = Annotated[int, msgspec.Meta(ge=-WIDEST, le=WIDEST - 1)]
MOST_AHEAD = timedelta(hours=1)  # clocks differ by less
DEEPEST = 100
AHEAD = "its known_time is still to come, so nobody can know it yet; check its clock and time zone"
TYPES: Mapping[str, Any] = {
    "integer": Whole, "number": float, "text": str, "boolean": bool, "time": datetime, NUMBERS: list[float | None],
}  # fmt: skip


def row_type(kinds: Mapping[str, str], *, optional: bool = False) -> type[msgspec.Struct]:
    """Make the type of a row: every column must be there unless ``optional``, with a value of its kind, or null.

    Its fields stand in the order of the columns, whatever these are called; columns it lacks are let by.

    >>> msgspec.json.decode(b'{"n": 1, "other": 2}', type=row_type({"n": "integer"})).c0
    1
    """
    fields = [f"c{place}" for place in range(len(kinds))]
    default = (None,) if optional else ()
    types: list[Any] = [
        (field, TYPES[kind] | None, *default) for field, kind in zip(fields, kinds.values(), strict=True)
    ]
    return msgspec.defstruct("Row", types, rename=dict(zip(fields, kinds, strict=True)), gc=False)


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
