"""Fact order: which of two facts is newer, and which of two versions of one fact replaces the other.

Both as ``plans.corrections`` and ``plans.snapshot`` order them in SQL: missing values are least, in lists greatest.
"""

from collections.abc import Sequence

import msgspec


class Fact(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A fact: its times in microseconds, and the columns that the view reads, in the order of their names."""

    event: int
    known: int
    values: tuple[object, ...]


def newness(fact: Fact) -> tuple[int, int, Sequence[tuple[bool, object]]]:
    """Order facts of one entity, the newest last."""
    return fact.event, fact.known, _with_missing_least(fact)


def version(fact: Fact) -> tuple[int, int, Sequence[tuple[bool, object]]]:
    """Order versions of one fact, the one that counts last."""
    return fact.known, fact.event, _with_missing_least(fact)


def is_newer(fact: Fact, than: Fact) -> bool:
    """Compare by ``newness``, mostly by the first of the times alone."""
    if fact.event != than.event:
        return fact.event > than.event
    return newness(fact) > newness(than)


def replaces(fact: Fact, old: Fact) -> bool:
    """Compare by ``version``, mostly by the first of the times alone."""
    if fact.known != old.known:
        return fact.known > old.known
    return version(fact) > version(old)


def _with_missing_least(fact: Fact) -> Sequence[tuple[bool, object]]:
    return [(value is not None, _members(value) if isinstance(value, list) else value) for value in fact.values]


def _members(numbers: Sequence[float | None]) -> Sequence[tuple[bool, float]]:
    """Order the numbers of a list, where a missing one is greatest."""
    return [(number is None, number or 0.0) for number in numbers]
