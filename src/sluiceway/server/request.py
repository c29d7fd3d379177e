"""Requests: the JSON of a body as typed rows.

A body is read twice at most: by a decoder made for the contract, which is fast and says little, and where that refuses,
field by field (``field_check``), which accepts a little more and says all that is wrong. Where a column's name is one
that JSON has to escape, which no such decoder can be made for, every body is read field by field.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec

from sluiceway.artifacts.serving_contract import Field, ServingContract
from sluiceway.core.moments import in_utc
from sluiceway.server.field_check import LARGEST, SMALLEST, checked_rows
from sluiceway.server.limits import Limits
from sluiceway.server.refusal import Refusal

TYPES: dict[str, Any] = {
    "integer": Annotated[int, msgspec.Meta(ge=SMALLEST, le=LARGEST)] | None,
    "number": float | None,
    "text": str | None,
    "time": datetime | None,
    "boolean": bool | None,
}
SPACE = b" \t\r\n"
TOO_LARGE = "Number out of range"  # of a double, as msgspec says it
_values = msgspec.structs.astuple


class AskedRow(NamedTuple):
    """One row that is asked about: every input, missing ones as ``None``, and the key's fields that were given.

    Times are in UTC.
    """

    inputs: dict[str, Any]
    key: dict[str, Any]


class Asked(NamedTuple):
    """A request: its rows, and whether they came in an array."""

    rows: list[AskedRow]
    many: bool


class RequestReader:
    """Reads bodies as one contract has them. Safe to share between threads."""

    def __init__(self, contract: ServingContract, limits: Limits) -> None:
        self._contract = contract
        self._limits = limits
        self._by_decoder = all(map(_is_plain, (field.name for field in (*contract.inputs, *contract.key))))
        if self._by_decoder:
            shape = _shape(contract)
            self._one = msgspec.json.Decoder(shape).decode
            self._many = msgspec.json.Decoder(list[shape]).decode  # type: ignore[valid-type]  # made at run time
        self._row = _row_maker(contract)

    def read(self, body: bytes) -> Asked:
        """Read a body.

        Raises:
            Refusal: 400 for what is no JSON, 413 for too many rows, 422 for rows that are not what the contract has.
        """
        many = body.lstrip(SPACE).startswith(b"[")
        if not self._by_decoder:
            return Asked(self._by_field(_parsed(body)), many)
        try:
            if many:
                found = self._many(body)
                self._count(len(found))
                rows = [self._row(_values(each)) for each in found]
            else:
                rows = [self._row(_values(self._one(body)))]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
            rows = self._by_field(_parsed(body))
        return Asked(rows, many)

    def _count(self, rows: int) -> None:
        if rows > self._limits.rows:
            raise Refusal(413, f"{rows:,} rows; one request may hold {self._limits.rows:,} at most, send several")
        if not rows:
            raise Refusal(422, "the array is empty; give an object for each row")

    def _by_field(self, parsed: object) -> list[AskedRow]:
        if isinstance(parsed, list):
            self._count(len(parsed))
        return [AskedRow(inputs, key) for inputs, key in checked_rows(parsed, self._contract)]


def _is_plain(name: str) -> bool:
    """Tell whether JSON writes a name as it is, with nothing escaped."""
    return not any(letter in '"\\' or letter < " " for letter in name)


def _shape(contract: ServingContract) -> Any:
    """Make the type of one row. Its fields are numbered: a column's name may be anything."""
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    names = {}
    for place, field in enumerate(contract.inputs):
        fields.append((f"input_{place}", TYPES[field.kind]))
        names[f"input_{place}"] = field.name
    for place, field in enumerate(contract.key):
        fields.append((f"key_{place}", TYPES[field.kind], None))
        names[f"key_{place}"] = field.name
    return msgspec.defstruct("Request", fields, rename=names, forbid_unknown_fields=True, gc=False)


def _row_maker(contract: ServingContract) -> Callable[[tuple[Any, ...]], AskedRow]:
    inputs, keys = [field.name for field in contract.inputs], [field.name for field in contract.key]
    given, times = len(inputs), _times(contract.inputs)
    key_times = _times(contract.key)

    def make(values: tuple[Any, ...]) -> AskedRow:
        row = dict(zip(inputs, values, strict=False))
        for name in times:
            if row[name] is not None:
                row[name] = in_utc(row[name])
        if not keys:
            return AskedRow(row, {})
        key = {name: value for name, value in zip(keys, values[given:], strict=True) if value is not None}
        for name in key_times & key.keys():
            key[name] = in_utc(key[name])
        return AskedRow(row, key)

    return make


def _times(fields: tuple[Field, ...]) -> frozenset[str]:
    return frozenset(field.name for field in fields if field.kind == "time")


def _parsed(body: bytes) -> object:
    if not body.strip(SPACE):
        raise Refusal(400, "the body is empty, which is no JSON; send one object, or an array of objects")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if TOO_LARGE in str(error):
            return _with_infinities(body, error)
        raise Refusal(400, f"the body is no JSON: {error}; send one object, or an array of objects") from None
    except RecursionError:
        raise Refusal(400, "the body is nested too deep; send one object, or an array of objects") from None


def _with_infinities(body: bytes, said: Exception) -> object:
    """Read numbers that no double can hold as infinite, so that the field they stand in is named."""
    try:
        parsed = json.loads(body)
        json.dumps(parsed, ensure_ascii=False).encode()  # this reader also takes texts that no UTF-8 can hold
    except (ValueError, RecursionError):
        raise Refusal(400, f"the body is no JSON: {said}; send one object, or an array of objects") from None
    return parsed
