"""Fact order: which of two facts is newer, and which of two versions of one fact replaces the other.

Both as ``plans.corrections`` and ``plans.snapshot`` order them in SQL: missing values are least.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Fact(NamedTuple):
    """A fact: its times in microseconds, and the columns that the view reads, in the order of their names."""

    event: int
    known: int
    values: tuple[object, ...]


def newness(fact: Fact) -> tuple[int, int, Sequence[tuple[bool, object]]]:
    """Order facts of one entity, the newest last."""
    return fact.event, fact.known, [(value is not None, value) for value in fact.values]


def version(fact: Fact) -> tuple[int, int, Sequence[tuple[bool, object]]]:
    """Order versions of one fact, the one that counts last."""
    return fact.known, fact.event, [(value is not None, value) for value in fact.values]
