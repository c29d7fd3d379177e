"""Field check: rows read field by field, and everything that is wrong with them in one message."""

import math
from collections.abc import Callable, Collection
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeAlias

from sluiceway.artifacts.serving_contract import Field, ServingContract
from sluiceway.core.moments import parse_moment
from sluiceway.server.refusal import Refusal

Values: TypeAlias = dict[str, Any]

SMALLEST, LARGEST = -(2**63), 2**63 - 1
EXACT = 2.0**53
MOST_PROBLEMS = 10
MOST_CHARACTERS = 60
WANTED = {
    "integer": "a whole number of at most 64 bits",
    "number": "a number",
    "text": "a text",
    "time": "a time in ISO 8601, such as 2013-11-01T08:00:00Z (without an offset it is UTC)",
    "boolean": "true or false",
}


def checked_rows(parsed: object, contract: ServingContract) -> list[tuple[Values, Values]]:
    """Read parsed JSON as rows, each the inputs and the key's fields.

    Raises:
        Refusal: 422 with all that is wrong, the first ten things of it.
    """
    rows = parsed if isinstance(parsed, list) else [parsed]
    made, problems = [], _Problems()
    for place, row in enumerate(rows):
        problems.where = f"row {place}: " if isinstance(parsed, list) else ""
        inputs: Values = {}
        key: Values = {}
        _read(row, contract, inputs, key, problems)
        made.append((inputs, key))
    if problems.count:
        raise Refusal(422, problems.text())
    return made


class _Problems:
    """What is wrong. Only what is told is worded: a body may hold a million mistakes, and near misses are dear."""

    def __init__(self) -> None:
        self.where = ""
        self.count = 0
        self._worded: list[str] = []

    def add(self, word: Callable[[], str]) -> None:
        self.count += 1
        if self.count <= MOST_PROBLEMS:
            self._worded.append(self.where + word())

    def text(self) -> str:
        more = self.count - MOST_PROBLEMS
        return "; ".join(self._worded) + (f"; and {more:,} more" if more > 0 else "")


def _read(row: object, contract: ServingContract, inputs: Values, key: Values, problems: _Problems) -> None:
    """Fill in the values of one row, and note what is wrong."""
    if not isinstance(row, dict):
        problems.add(lambda: f"{_shown(row)} is no row; send an object with a field for each input")
        return
    missing = [field.name for field in contract.inputs if field.name not in row]
    if missing:
        problems.add(lambda: f"missing {_named(missing)}; give null for what is not known")
    known = {field.name: None for field in (*contract.inputs, *contract.key)}
    for name in row:
        if name not in known:
            problems.add(partial(_unknown, name, known, missing))
    for fields, into in ((contract.inputs, inputs), (contract.key, key)):
        for field in fields:
            if row.get(field.name) is not None:
                _take(field, row[field.name], into, problems)
            elif into is inputs:
                into[field.name] = None


def _take(field: Field, value: object, into: Values, problems: _Problems) -> None:
    try:
        into[field.name] = READERS[field.kind](value)
    except (TypeError, ValueError, OverflowError):
        problems.add(lambda: f"field {field.name!r} is {_shown(value)}; give {WANTED[field.kind]}, or null")


def _unknown(name: str, known: Collection[str], missing: list[str]) -> str:
    looked_at = name[:MOST_CHARACTERS]  # a name of a megabyte resembles none
    near = get_close_matches(looked_at, missing, n=1) or get_close_matches(looked_at, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(map(repr, known)) or 'none'}"
    return f"unknown field {_shown(name)}: {hint}"


def _named(names: list[str]) -> str:
    return f"field{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, bool | None) else {True: "true", False: "false", None: "null"}[value]
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


def _integer(value: object) -> int:
    """Take an integer, and also 3.0, which is what some writers of JSON make of 3."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not SMALLEST <= value <= LARGEST:
        raise TypeError(value)
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(value)
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _time(value: object) -> datetime:
    return parse_moment(_text(value))


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


READERS: dict[str, Callable[[object], object]] = {
    "integer": _integer,
    "number": _number,
    "text": _text,
    "time": _time,
    "boolean": _boolean,
}
