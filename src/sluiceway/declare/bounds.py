"""Bounds: between which two ends a value must lie, one of which may be open."""

from datetime import datetime
from math import isnan

from sluiceway.core.moments import iso
from sluiceway.declare.names import refuse

Bound = float | str | datetime | None


def bounds_of(owner: str, low: Bound, high: Bound) -> tuple[float | str | None, float | str | None]:
    """Check two bounds, one of which may be open.

    Raises:
        DeclarationError: both are open, they are of two kinds, or nothing lies between them.
    """
    ends = [iso(end) if isinstance(end, datetime) else end for end in (low, high)]
    given = [end for end in ends if end is not None]
    if not given:
        raise refuse(f"{owner}: give a low or a high bound; with neither, everything passes")
    if len(given) > 1 and isinstance(given[0], str) != isinstance(given[1], str):
        raise refuse(f"{owner}: {low!r} and {high!r} are of two kinds; give two numbers or two texts")
    if len(given) > 1 and not given[0] <= given[1]:  # type: ignore[operator]  # of one kind, as was just checked
        raise refuse(f"{owner}: between({low}, {high}) holds nothing; low must not exceed high")
    if any(isinstance(end, bool) or (isinstance(end, float) and isnan(end)) for end in given):
        raise refuse(f"{owner}: a bound must be a number, a text or a time, got {low!r} and {high!r}")
    return ends[0], ends[1]


def numbers_of(owner: str, between: tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    """Check two bounds of a number, one of which may be open.

    Raises:
        DeclarationError: they are not two numbers, or nothing lies between them.
    """
    try:
        low, high = bounds_of(owner, *between)
    except TypeError:
        raise refuse(f"{owner}: between= takes two numbers, as in between=(1, 1000); None leaves one open") from None
    if isinstance(low, str) or isinstance(high, str):
        raise refuse(f"{owner}: the bounds must be numbers, got {between!r}")
    return low, high
