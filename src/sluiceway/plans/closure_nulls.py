"""How missing values flow: SQL's three-valued logic over closures of a row, ``None`` being NULL."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

from sluiceway.plans.closure_numbers import equal
from sluiceway.plans.closure_texts import as_text

Row: TypeAlias = Mapping[str, object]
Closure: TypeAlias = Callable[[Row], Any]


def strict(function: Callable[..., Any], parts: Sequence[Closure]) -> Closure:
    """Apply a function to values that are all there; ``None`` when one is not."""
    if len(parts) == 1:
        return strict_one(function, parts[0])
    if len(parts) > 2:  # noqa: PLR2004 - one and two are common, and have closures of their own
        return strict_many(function, parts)
    first, second = parts

    def run(row: Row) -> Any:
        left = first(row)
        if left is None:
            return None
        right = second(row)
        return None if right is None else function(left, right)

    return run


def strict_one(function: Callable[..., Any], part: Closure) -> Closure:
    """Apply a function of one argument; missing gives missing."""

    def run(row: Row) -> Any:
        value = part(row)
        return None if value is None else function(value)

    return run


def strict_with(function: Callable[..., Any], part: Closure, constant: object) -> Closure:
    """Apply a function to a value and a constant; missing gives missing."""

    def run(row: Row) -> Any:
        value = part(row)
        return None if value is None else function(value, constant)

    return run


def strict_many(function: Callable[..., Any], parts: Sequence[Closure]) -> Closure:
    """Apply a function of many arguments; anything missing gives missing."""

    def run(row: Row) -> Any:
        values = [part(row) for part in parts]
        return None if None in values else function(*values)

    return run


def attempted(part: Closure, errors: tuple[type[Exception], ...]) -> Closure:
    """TRY: missing where a value cannot be computed."""

    def run(row: Row) -> Any:
        try:
            return part(row)
        except errors:
            return None

    return run


def both(parts: Sequence[Closure]) -> Closure:
    """AND: false as soon as one side is, missing when it could be either."""
    first, second = parts

    def run(row: Row) -> bool | None:
        left = first(row)
        if left is False:
            return False
        right = second(row)
        if right is False:
            return False
        return None if left is None or right is None else True

    return run


def either(parts: Sequence[Closure]) -> Closure:
    """OR: true as soon as one side is, missing when it could be either."""
    first, second = parts

    def run(row: Row) -> bool | None:
        left = first(row)
        if left is True:
            return True
        right = second(row)
        if right is True:
            return True
        return None if left is None or right is None else False

    return run


def is_null(parts: Sequence[Closure]) -> Closure:
    """IS NULL: never missing itself."""
    part = parts[0]
    return lambda row: part(row) is None


def first_present(parts: Sequence[Closure]) -> Closure:
    """COALESCE: the first value that is there; those after it are not computed."""

    def run(row: Row) -> Any:
        for part in parts:
            value = part(row)
            if value is not None:
                return value
        return None

    return run


def null_if(parts: Sequence[Closure]) -> Closure:
    """NULLIF: the first value unless the two are equal."""
    first, second = parts

    def run(row: Row) -> Any:
        value, other = first(row), second(row)
        if value is None or other is None:
            return value
        return None if equal(value, other) else value

    return run


def extreme(beats: Callable[[Any, Any], bool]) -> Callable[[Sequence[Closure]], Closure]:
    """LEAST and GREATEST: the value that beats all others that are there."""

    def make(parts: Sequence[Closure]) -> Closure:
        def run(row: Row) -> Any:
            values = [value for part in parts if (value := part(row)) is not None]
            return reduce(lambda best, value: value if beats(value, best) else best, values) if values else None

        return run

    return make


def joined(parts: Sequence[Closure]) -> Closure:
    """CONCAT: as one text; what is missing counts as empty."""
    return lambda row: "".join(as_text(value) for part in parts if (value := part(row)) is not None)


def membership(part: Closure, values: Sequence[object]) -> Closure:
    """IN: missing when the value is, or when it is not found and the list holds NULL."""
    known = frozenset(value for value in values if value is not None)
    otherwise = None if None in values else False

    def run(row: Row) -> bool | None:
        value = part(row)
        return None if value is None else True if value in known else otherwise

    return run


def first_met(conditions: Sequence[Closure], values: Sequence[Closure]) -> Closure:
    """CASE: the value of the first condition that is true, else the last; no other is computed."""
    branches, otherwise = tuple(zip(conditions, values[:-1], strict=True)), values[-1]

    def run(row: Row) -> Any:
        for condition, value in branches:
            if condition(row):
                return value(row)
        return otherwise(row)

    return run
