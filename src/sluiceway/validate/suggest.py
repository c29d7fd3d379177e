"""Suggestions: expectations written down from what a source's rows are like, to be reviewed by a person."""

import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.core.moments import in_utc, iso
from sluiceway.validate.column_shape import code_pattern
from sluiceway.validate.source_table import SourceTable

MOST_VALUES = 30
ROWS_A_VALUE = 20
LONGEST_VALUE = 40
SHARE = 0.99
TAILS = (0.01, 0.99)
FEW_ROWS = 20


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One expectation as Python, and why it is suggested. One that ``is_doubtful`` is written as a comment only."""

    code: str
    reason: str
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is suggested for a source, from so many rows of a dataset version."""

    source: str
    version: str
    rows: int
    made: tuple[Suggestion, ...]

    def text(self) -> str:
        """Write a list to be given to the source as ``expectations=``, each line with its reason."""
        lines = [
            f"# {self.source}: {self.rows:,} rows of version {self.version}. What they are like need not be what they",
            f"# should be: read each line, keep what must hold, and give the source expectations={self.name}",
            f"{self.name} = [",
            *(f"    {'# ' * each.is_doubtful}{each.code},  # {each.reason}" for each in self.made),
            "]",
        ]
        return "\n".join(lines) + "\n"

    @property
    def name(self) -> str:
        """What the list is called."""
        return f"{self.source}_expectations"


def suggest(table: SourceTable, *, version: str, now: datetime, hidden: Collection[str] = ()) -> Suggestions:
    """Profile a source's rows, one column after the other, and suggest expectations that they keep.

    Args:
        table: The source in a dataset version.
        version: What the version is called.
        now: From when freshness counts (UTC): ``as_of``, or the wall clock.
        hidden: Sensitive columns, of which no value is written.
    """
    made = list(_of_table(table))
    masked = {name.lower() for name in hidden}
    for name, kind in table.kinds.items():
        if name not in {EVENT_TIME, KNOWN_TIME}:
            values = table.column(name)
            made += _of_column(name, kind, values)
            made += _hidden(name, kind) if name.lower() in masked else _of_values(name, kind, values)
    made += _freshness(table, now)
    return Suggestions(table.source.name, version, table.height, tuple(made))


def _of_table(table: SourceTable) -> Iterator[Suggestion]:
    rows = table.height
    if rows:
        low = max(1, rounded(rows / 2, up=False))
        yield Suggestion(f"sw.rows(between=({low:.0f}, None))", f"{rows:,} now; half of them is suspicious")
    yield Suggestion("sw.rows_change(at_most=0.5)", "between one version and the next")
    keys = [name for name in table.source.keys if name in table.kinds]
    if len(keys) > 1 and rows > 1:
        distinct = table.lazy.select(keys).drop_nulls().unique().select(pl.len()).collect(engine="streaming").item()
        if distinct == rows:
            yield Suggestion(
                f"sw.unique({', '.join(map(written, keys))})", "the declared key: no two rows share one now"
            )


def _of_column(name: str, kind: str, values: pl.Series) -> Iterator[Suggestion]:
    """Suggest what holds whatever the values say: the type, how many are missing, whether all differ."""
    column, rows = f"sw.column({written(name)})", len(values)
    yield Suggestion(f'{column}.is_a("{kind}")', "its type now")
    present = _present(values, kind)
    if not rows or present.is_empty():
        return
    missing = 1 - len(present) / rows
    if not missing:
        yield Suggestion(f"{column}.not_null()", "no value is missing now")
    elif (least := share_below(1 - missing - max(0.01, missing / 2))) > 0:
        yield Suggestion(f"{column}.not_null(at_least={least:g})", f"{percent(missing)} missing now, with some slack")
    if kind in {"integer", "text"} and len(present) >= FEW_ROWS and present.n_unique() == len(present):
        yield Suggestion(f"{column}.unique()", f"all {len(present):,} values differ, as those of a key do")


def _of_values(name: str, kind: str, values: pl.Series) -> Iterator[Suggestion]:
    """Suggest a small set, a range or a pattern."""
    column, present = f"sw.column({written(name)})", _present(values, kind)
    if len(present) < FEW_ROWS or kind not in {"integer", "number", "text"}:
        return
    distinct = present.n_unique() if kind != "number" else len(present)
    if distinct <= min(MOST_VALUES, len(present) // ROWS_A_VALUE):
        found = present.unique().sort().to_list()
        if all(len(str(value)) <= LONGEST_VALUE for value in found):
            listed = ", ".join(map(written, found))
            words = f"{distinct} values in {len(present):,} rows" if distinct > 1 else "only one value"
            yield Suggestion(f"{column}.one_of({listed}, at_least={SHARE})", words)
            return
    if kind == "text":
        shape = code_pattern(present)
        if shape is not None:
            pattern, share = shape
            yield Suggestion(
                f"{column}.matches({pattern!r}, at_least={SHARE})", f"{percent(share)} are codes of this shape"
            )
    elif distinct < len(present) or kind == "number":
        yield from _range(column, kind, present)


def _range(column: str, kind: str, present: pl.Series) -> Iterator[Suggestion]:
    """Widen the middle 98 % by half its width on either side; what has never been below zero should not be."""
    finite = present.filter(present.cast(pl.Float64).is_finite())
    low, high = (finite.quantile(tail, "nearest") for tail in TAILS)
    if low is None or high is None:
        return
    room = (high - low) / 2 or max(abs(high), 1.0) / 2
    start, end = rounded(low - room, up=False), rounded(high + room, up=True)
    least = finite.min()
    if isinstance(least, int | float) and least >= 0:
        start = max(start, 0.0)
    inside = float(present.is_between(start, end).mean() or 0.0)  # type: ignore[arg-type]  # a share
    share = min(SHARE, share_below(inside))
    if share <= 0:
        return
    ends = [f"{end:.0f}" if kind == "integer" else f"{end:g}" for end in (start, end)]
    words = f"the middle 98 % lie from {low:g} to {high:g}; {percent(inside)} are within"
    yield Suggestion(f"{column}.between({ends[0]}, {ends[1]}, at_least={share:g})", words)


def _hidden(name: str, kind: str) -> Iterator[Suggestion]:
    words = "it is sensitive, so that no value of it is written here"
    rule = "matches('…')" if kind == "text" else "between(…, …)"
    yield Suggestion(f"sw.column({written(name)}).{rule}", words, is_doubtful=True)


def _freshness(table: SourceTable, now: datetime) -> Iterator[Suggestion]:
    """Allow twice the longest usual time between two days with rows, if the newest row is no older than that.

    Where a limit is declared already, no other is suggested: a source has one.
    """
    is_declared = any(each.kind == "fresh" and not each.column for each in table.source.expectations)
    if KNOWN_TIME not in table.kinds or not table.height or is_declared:
        return
    days = table.lazy.select(pl.col(KNOWN_TIME).dt.truncate("1d").unique().drop_nulls()).collect(engine="streaming")
    gaps = days.to_series().sort().diff().drop_nulls()
    newest = table.lazy.select(pl.col(KNOWN_TIME).max()).collect(engine="streaming").item()
    if gaps.is_empty():
        return
    usual = gaps.dt.total_days().quantile(0.99, "higher") or 1
    within = timedelta(days=2 * max(1, round(usual)))
    code, age = f'sw.fresh(within="{within.days}d")', now - in_utc(newest)
    if age <= within:
        words = f"the newest row is known since {iso(in_utc(newest))}, and new ones come within {within.days // 2} d"
        yield Suggestion(code, words)
    else:
        words = f"the newest row was known at {iso(in_utc(newest))}: too old, unless as_of sets the present to then"
        yield Suggestion(code, words, is_doubtful=True)


def _present(values: pl.Series, kind: str) -> pl.Series:
    there = values.drop_nulls()
    return there.drop_nans() if kind == "number" else there


def written(value: object) -> str:
    """Write a text in double quotes, a number as it is."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def share_below(share: float) -> float:
    """Cut a share to hundredths, so that what holds now holds by the suggestion too.

    >>> share_below(0.9799)
    0.97
    """
    return math.floor(share * 100 + 1e-9) / 100


def rounded(value: float, *, up: bool) -> float:
    """Round away to two significant digits.

    >>> rounded(1234.5, up=True), rounded(1234.5, up=False), rounded(-0.0123, up=False)
    (1300.0, 1200.0, -0.013)
    """
    if not value:
        return 0.0
    digits = 1 - math.floor(math.log10(abs(value)))
    scale = 10.0**digits
    return float(f"{(math.ceil if up else math.floor)(round(value * scale, 6)) / scale:.12g}")


def percent(share: float) -> str:
    """Write a share.

    >>> percent(0.0241)
    '2.41 %'
    """
    return f"{100 * share:.3g} %"
