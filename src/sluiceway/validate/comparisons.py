"""Comparisons: in which ways each column of a source is set beside which reference."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.artifacts.table_ref import NUMBERS, NUMERIC
from sluiceway.artifacts.validation_report import (
    CHI_SQUARE,
    JENSEN_SHANNON,
    KS,
    MEAN,
    NULLS,
    PASSED_OVER,
    QUANTILE,
)
from sluiceway.declare.expectation import AUTO, EVERY_COLUMN, STOP, Expectation
from sluiceway.declare.source import Source

TESTS = {"mean_within": MEAN, "nulls_within": NULLS, "jensen_shannon_within": JENSEN_SHANNON}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One way to compare one column; ``test``, ``limit``, ``at`` and ``against`` are those of the check it becomes."""

    column: str
    test: str
    limit: float | None = None
    at: float | None = None
    against: str = ""
    rows: str = AUTO
    is_declared: bool = True
    on_failure: str = STOP


def compared_columns(source: Source, kinds: dict[str, str]) -> list[str]:
    """Name the columns whose distribution means something: not keys, which are always new, nor times."""
    apart = {*source.keys, EVENT_TIME, KNOWN_TIME}
    return [name for name, kind in kinds.items() if name not in apart and kind != "time"]


def comparisons(source: Source, kinds: dict[str, str]) -> list[Comparison]:
    """List what is compared of a source, column by column: what was declared, and by default what was not.

    By default, each column's distribution and its missing values, and a number's mean; of lists of numbers, only how
    many are missing.
    """
    by_default = compared_columns(source, kinds)
    declared = [each for each in source.expectations if each.is_drift]
    named = [each.column for each in declared if each.column and each.column != EVERY_COLUMN]
    found: list[Comparison] = []
    for name in dict.fromkeys([*by_default, *named]):
        own = [each for each in declared if each.column == name]
        wide = [each for each in declared if each.column == EVERY_COLUMN and name in by_default]
        # What is said of one column replaces what is said of every column, in the same way of comparing.
        said = {narrow.kind for narrow in own}
        wide = [each for each in wide if each.kind not in said and "may_drift" not in said]
        found += _of_column(name, kinds.get(name, ""), [*own, *wide], by_default=name in by_default)
    return found


def _of_column(name: str, kind: str, declared: list[Expectation], *, by_default: bool) -> Iterator[Comparison]:
    may_drift = any(each.kind == "may_drift" for each in declared)
    given = [each for each in declared if each.kind != "may_drift" and _fits(each, kind)]
    asked = {each.kind for each in given}
    if by_default and not may_drift and "like" not in asked and kind != NUMBERS:
        yield Comparison(name, _distribution(kind), is_declared=False)
    elif may_drift and not asked:
        yield Comparison(name, PASSED_OVER, is_declared=False)
    if by_default and not may_drift and "mean_within" not in asked and kind in NUMERIC:
        yield Comparison(name, MEAN, is_declared=False)
    if by_default and not may_drift and "nulls_within" not in asked:
        yield Comparison(name, NULLS, is_declared=False)
    for each in given:
        test = QUANTILE if each.kind == "quantiles_within" else TESTS.get(each.kind, _distribution(kind))
        asked_of = Comparison(name, test, each.limit, None, each.text or "", each.rows, on_failure=each.on_failure)
        places: list[float | None] = [float(str(at)) for at in each.values]
        yield from (replace(asked_of, at=at) for at in places or [None])


def _fits(expectation: Expectation, kind: str) -> bool:
    """Leave texts out of what is said of the numbers among all columns, and lists out of what is said of values."""
    if expectation.column != EVERY_COLUMN:
        return True
    if kind == NUMBERS:
        return expectation.kind == "nulls_within"
    return expectation.kind not in {"mean_within", "quantiles_within"} or kind in NUMERIC


def _distribution(kind: str) -> str:
    return KS if kind in NUMERIC else CHI_SQUARE
