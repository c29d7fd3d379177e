"""Moments: which columns of a sample are times, however they are written, and which one is the time of a row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from sluiceway.start.columns import ColumnFacts, Facts

ENOUGH_THERE, ENOUGH_READ = 0.9, 0.99
LEAST_MOMENTS = 10
TRIED = 500
NAMED_A_TIME = re.compile(
    r"(^|_)(time|timestamp|ts|date|datetime|at|on|when|day|epoch|created|updated|year|month)(_|$|\d)", re.I
)
NO_EVENT = re.compile(r"birth|dob|expir|due|valid|founded|built|updated|modified|deleted", re.I)
SECONDS, DAYS_WRITTEN = (5e8, 2.5e9), (19000101, 21001231)
CALENDAR_YEARS = (1800, 2200)
DATES = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%b %d %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%B %d, %Y",
    "%Y%m%d",
)
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
EITHER_ORDER = {"%d/%m/%Y": "%m/%d/%Y", "%m/%d/%Y": "%d/%m/%Y"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that every row may have: the SQL that reads it, its values in UTC, and how it is written."""

    name: str
    columns: tuple[str, ...]
    sql: str
    values: pl.Series
    how: str = ""
    doubt: str = ""

    @property
    def there(self) -> pl.Series:
        """The moments that are there."""
        return self.values.drop_nulls()

    @property
    def first(self) -> datetime:
        """The earliest moment."""
        return self.there.min()  # type: ignore[return-value]  # a series of moments, and there are some

    @property
    def last(self) -> datetime:
        """The latest moment."""
        return self.there.max()  # type: ignore[return-value]  # likewise

    @property
    def middle(self) -> datetime:
        """The median moment."""
        return self.there.sort()[len(self.there) // 2]  # type: ignore[no-any-return]


def moments_in(facts: Facts) -> Iterator[Moment]:
    """Find every column that is a time; where there is none, a year, month and day in columns of their own."""
    found = [moment for each in facts.values() if (moment := moment_of(each)) is not None]
    yield from found
    if not any(is_time_of_rows(moment) for moment in found):
        yield from from_parts(facts)


def moment_of(facts: ColumnFacts) -> Moment | None:
    """Read a column as a time, where nearly all of its values are."""
    name, sql = facts.name, facts.sql
    if not facts.there:
        return None
    if facts.kind == "time":
        return Moment(name, (name,), sql, facts.values)
    if facts.kind == "text":
        return _of_texts(facts)
    if facts.kind in {"integer", "number"} and NAMED_A_TIME.search(_spelled(name)):
        return _of_numbers(facts)
    return None


def is_time_of_rows(moment: Moment) -> bool:
    """Whether a time may be that of its row: it is there, differs, and is not a birthday or the like."""
    there = moment.there
    return (
        len(there) >= ENOUGH_THERE * len(moment.values)
        and there.n_unique() >= LEAST_MOMENTS
        and not NO_EVENT.search(moment.name)
    )


def _spelled(name: str) -> str:
    """Write ``createdAt`` as ``created_at``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def _of_texts(facts: ColumnFacts) -> Moment | None:
    present = facts.present()
    tried = present.gather_every(max(1, len(present) // TRIED)).to_list()
    if (
        all(any(sign.isdigit() for sign in value) for value in tried)
        and _share(map(iso_time, tried), len(tried)) >= ENOUGH_READ
    ):
        values = pl.Series(facts.name, list(map(iso_time, facts.values.to_list())), pl.Datetime("us", "UTC"))
        return Moment(facts.name, (facts.name,), f"TRY_CAST({facts.sql} AS TIMESTAMPTZ)", values, "ISO 8601")
    fitting = [
        form
        for form in _forms()
        if _share(_parsed(pl.Series(tried, dtype=pl.String), form).to_list(), len(tried)) >= ENOUGH_READ
    ]
    if not fitting:
        return None
    date = fitting[0].split(" %H")[0].split(" %I")[0]
    other = EITHER_ORDER.get(date)
    doubt = (
        f"{fitting[0]} or {fitting[0].replace(date, other)}"
        if other and fitting[0].replace(date, other) in fitting
        else ""
    )
    sql = f"try_strptime({facts.sql}, '{fitting[0]}')"
    return Moment(facts.name, (facts.name,), sql, _parsed(facts.values, fitting[0]), fitting[0], doubt)


def _share(found: object, of: int) -> float:
    return sum(each is not None for each in found) / of if of else 0.0  # type: ignore[attr-defined]


def _forms() -> Iterator[str]:
    yield from (date + clock for date in DATES for clock in CLOCKS)


def _parsed(values: pl.Series, form: str) -> pl.Series:
    """Read texts by one form; what does not fit is missing."""
    if "%H" in form or "%I" in form:
        return values.str.to_datetime(form, strict=False, time_unit="us").dt.replace_time_zone("UTC")
    return values.str.to_date(form, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def iso_time(text: str | None) -> datetime | None:
    """Read an ISO 8601 time in whatever zone; one without a zone is in UTC.

    >>> iso_time("2020-01-01T02:00:00+02:00")
    datetime.datetime(2020, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if text is None or not text[:4].isdigit() or text[4:5] != "-":
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _of_numbers(facts: ColumnFacts) -> Moment | None:
    present = facts.present().cast(pl.Float64)
    low, high = float(present.min() or 0), float(present.max() or 0)  # type: ignore[arg-type]  # numbers
    name, sql = facts.name, facts.sql
    for scale, unit in ((1, "seconds"), (1000, "milliseconds"), (1_000_000, "microseconds")):
        if SECONDS[0] * scale <= low and high <= SECONDS[1] * scale:
            micros = (facts.values.cast(pl.Float64) * (1_000_000 // scale)).cast(pl.Int64, strict=False)
            values = micros.cast(pl.Datetime("us", "UTC"))
            divided = sql if scale == 1 else f"{sql} / {scale}"
            return Moment(name, (name,), f"to_timestamp({divided})", values, f"{unit} since 1970")
    if facts.kind == "integer" and DAYS_WRITTEN[0] <= low and high <= DAYS_WRITTEN[1]:
        values = _parsed(facts.values.cast(pl.String), "%Y%m%d")
        return Moment(name, (name,), f"try_strptime(CAST({sql} AS VARCHAR), '%Y%m%d')", values, "%Y%m%d")
    return None


def from_parts(facts: Facts) -> Iterator[Moment]:
    """Put a year, with a month and a day where there are such columns, together."""
    parts: dict[str, ColumnFacts] = {}
    for each in facts.values():
        if each.kind == "integer" and not each.missing and each.name.lower() in {"year", "month", "day"}:
            parts[each.name.lower()] = each
    year = parts.get("year")
    if year is None or not _lies_in(year, CALENDAR_YEARS):
        return
    month, day = parts.get("month"), parts.get("day")
    month = month if month and _lies_in(month, (1, 12)) else None
    day = day if month and day and _lies_in(day, (1, 31)) else None
    used = [year, *filter(None, (month, day))]
    written = ", ".join([*(each.sql for each in used), *["1"] * (3 - len(used))])
    frame = pl.DataFrame({"y": year.values, "m": month.values if month else 1, "d": day.values if day else 1})
    try:
        values = frame.select(pl.datetime("y", "m", "d", time_zone="UTC")).to_series().cast(pl.Datetime("us", "UTC"))
    except pl.exceptions.PolarsError:
        return
    columns = tuple(each.name for each in used)
    yield Moment(
        "_".join(columns), columns, f"make_date({written})", values, "a " + ", a ".join(map(str.lower, columns))
    )


def _lies_in(facts: ColumnFacts, bounds: tuple[int, int]) -> bool:
    low, high = facts.values.min(), facts.values.max()
    return isinstance(low, int) and isinstance(high, int) and bounds[0] <= low and high <= bounds[1]
