"""What a user calls to declare a feature: a function for each kind, ``sw.mean`` to ``sw.derived``."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from sluiceway.declare.feature import DERIVED, LAST, LATEST, Feature


class Words(TypedDict, total=False):
    """What people are told of a feature: what it says, in which unit, and what it is found under."""

    description: str
    unit: str
    tags: Sequence[str]


def mean(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Average a column over a window; missing when no value is in it."""
    return Feature("mean", column, over, fresh, name, where, **words)


def count(
    column: str | None = None,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Count what is in a window: facts, or a column's present values; 0 when there are none."""
    return Feature("count", column, over, fresh, name, where, **words)


def total(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Add up a column over a window; missing when no value is in it."""
    return Feature("sum", column, over, fresh, name, where, **words)


def minimum(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Take the least value of a column in a window; missing when no value is in it."""
    return Feature("min", column, over, fresh, name, where, **words)


def maximum(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Take the greatest value of a column in a window; missing when no value is in it."""
    return Feature("max", column, over, fresh, name, where, **words)


def deviation(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Take the sample standard deviation of a column over a window; missing when fewer than two values are in it.

    Numbers are taken to within 2**-47 (7e-15); those of 2**47 (1.4e14) and beyond count as missing.
    """
    return Feature("std", column, over, fresh, name, where, **words)


def count_distinct(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Count the different values of a column in a window; 0 when none is in it.

    Exact for fewer than 1024 of them; above, an estimate with a standard error of 3 %.
    """
    return Feature("count_distinct", column, over, fresh, name, where, **words)


def last_n(
    column: str,
    *,
    n: int,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Take the last ``n`` values of a column that became known in a window, the newest first, each as a column.

    By known_time, then event_time, then the greater value; facts without a value are passed over. Columns for which
    there are not enough are missing.
    """
    return Feature(LAST, column, over, fresh, name, where, size=n, **words)


def latest(column: str, *, size: int | None = None, name: str | None = None, **words: Unpack[Words]) -> Feature:
    """Take a column from the newest fact known (by event time, then known time); missing past the view's ttl.

    ``size`` says that it is a list of so many numbers, as an embedding is; each becomes a column.
    """
    return Feature(LATEST, column, given_name=name, size=size, **words)


def derived(name: str, expression: str, **words: Unpack[Words]) -> Feature:
    """Compute a feature from the others of its view, by their names in it, such as ``sum_x_1h / nullif(count_1h, 0)``.

    It is computed when the others are, and stored with them. Where all others are missing, as of an entity of which
    nothing is known, so is it.
    """
    return Feature(DERIVED, given_name=name, expression=expression, **words)
