"""Message rows: the shape that a message must have to be a row of a source, checked while it is decoded."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec

WIDEST = 2**63
Whole = Annotated[int, msgspec.Meta(ge=-WIDEST, le=WIDEST - 1)]
TYPES: Mapping[str, Any] = {"integer": Whole, "number": float, "text": str, "boolean": bool, "time": datetime}


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
