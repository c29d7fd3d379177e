"""Expectations: what the rows of a source must be like before anything is built on them."""

from dataclasses import dataclass
from typing import Protocol

from sluiceway.core.digest import digest_of
from sluiceway.core.duration import parse_duration
from sluiceway.declare.bounds import Bound, bounds_of, numbers_of
from sluiceway.declare.expression import parse_expression
from sluiceway.declare.names import refuse

STOP, WARN, QUARANTINE = "stop", "warn", "quarantine"
ON_FAILURE = (STOP, WARN, QUARANTINE)
BY_ROW = ("one_of", "none_of", "between", "not_null", "matches", "contains", "row", "reference")
KINDS = (*BY_ROW, "unique", "typed", "mean_between", "fresh", "rows", "rows_change", "sql")

LONGEST_LIST = 40
LONGEST_SQL = 60


class Keyed(Protocol):
    """Anything with a name and a key: a source, which this module must not know."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that identify its rows."""

    @property
    def is_timeless(self) -> bool:
        """Whether its rows carry no times."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One rule, the share of rows, above 0 and at most 1, that must keep it, and what follows when fewer do.

    A missing value does not break a rule about values, only ``not_null``. ``on_failure`` is ``stop``: the gate closes;
    ``warn``: it is recorded and told; or ``quarantine``: rows that break the rule are set apart and nothing is built on
    them, and the gate closes when the others are fewer than ``at_least``.
    """

    kind: str
    column: str | None = None
    values: tuple[object, ...] = ()
    low: float | str | None = None
    high: float | str | None = None
    text: str | None = None
    other: str | None = None
    at_least: float = 1.0
    columns: tuple[str, ...] = ()
    on_failure: str = STOP

    def __post_init__(self) -> None:
        if not 0 < self.at_least <= 1:
            raise refuse(f"{self.name}: at_least must be above 0 and at most 1, got {self.at_least!r}")
        if self.on_failure not in ON_FAILURE:
            raise refuse(f"{self.name}: on_failure must be one of {', '.join(ON_FAILURE)}, got {self.on_failure!r}")
        if self.on_failure == QUARANTINE:
            self._check_quarantine()

    def _check_quarantine(self) -> None:
        if self.kind not in BY_ROW:
            raise refuse(
                f"{self.name}: quarantine is for rules that a row breaks by itself; no row alone breaks this one. "
                "Use on_failure='warn' or 'stop'"
            )
        if self.at_least == 1:
            raise refuse(
                f"{self.name}: with quarantine, say which share of the rows must keep the rule, such as "
                "at_least=0.99; more rows in quarantine than that close the gate"
            )

    @property
    def about(self) -> tuple[str, ...]:
        """The columns the rule is about, as they were written; none for rules about whole tables."""
        if self.kind == "row":
            return tuple(sorted(parse_expression(self.text or "").columns))
        return self.columns or ((self.column,) if self.column else ())

    @property
    def meaning(self) -> list[object]:
        """What decides which rows break the rule; how many may do so does not."""
        return [self.kind, self.column, list(self.values), self.low, self.high, self.text, self.other]

    @property
    def name(self) -> str:
        """What a report calls this rule."""
        column = self.column or ""
        names = {
            "one_of": f"{column} is one of {_listed(self.values)}",
            "none_of": f"{column} is none of {_listed(self.values)}",
            "between": f"{column} {_within(self.low, self.high)}",
            "not_null": f"{column} is not missing",
            "unique": f"({', '.join(self.columns)}) is unique" if self.columns else f"{column} is unique",
            "matches": f"{column} matches {self.text}",
            "contains": f"{column} contains {self.text}",
            "typed": f"{column} is {self.text}",
            "row": f"row: {self.text}",
            "reference": f"{column} refers to {self.other}.{self.text}",
            "fresh": f"no older than {self.text}",
            "mean_between": f"mean of {column} {_within(self.low, self.high)}",
            "rows": f"number of rows {_within(self.low, self.high)}",
            "rows_change": f"number of rows changed by at most {_share(self.high)}",
            "sql": f"sql: {self.other or _shortened(self.text or '')}",
        }
        return names[self.kind]


def _listed(values: tuple[object, ...]) -> str:
    """Write values out, or count them with their digest: other values make another name, and so another check."""
    words = ", ".join(map(str, values))
    return words if len(words) <= LONGEST_LIST else f"{len(values)} values ({digest_of(values)[:6]})"


def _within(low: float | str | None, high: float | str | None) -> str:
    if high is None:
        return f"at least {low}"
    return f"at most {high}" if low is None else f"between {low} and {high}"


def _share(value: float | str | None) -> str:
    return f"{100 * value:g} %" if isinstance(value, int | float) else str(value)


def _shortened(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= LONGEST_SQL else f"{line[:LONGEST_SQL]}… ({digest_of(line)[:6]})"


@dataclass(frozen=True, slots=True)
class ColumnRules:
    """The rules one column can be given: ``sw.column("origin").one_of("EWR", "JFK")``.

    Each takes ``on_failure``; those that rows keep or break take ``at_least``, the share of rows that must keep them.
    """

    column: str

    @property
    def _owner(self) -> str:
        return f"column {self.column!r}"

    def one_of(self, *values: str | float | bool, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
        """Every value is among these."""
        if not values:
            raise refuse(f"{self._owner}: one_of() needs at least one value")
        return Expectation("one_of", self.column, values=values, at_least=at_least, on_failure=on_failure)

    def none_of(self, *values: str | float | bool, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
        """No value is among these."""
        if not values:
            raise refuse(f"{self._owner}: none_of() needs at least one value")
        return Expectation("none_of", self.column, values=values, at_least=at_least, on_failure=on_failure)

    def between(
        self, low: Bound = None, high: Bound = None, *, at_least: float = 1.0, on_failure: str = STOP
    ) -> Expectation:
        """Every value lies between two bounds, both included; ``None`` leaves one side open.

        Bounds are numbers, texts (compared by code points) or, for times, ISO 8601 texts in UTC.
        """
        low, high = bounds_of(self._owner, low, high)
        return Expectation("between", self.column, low=low, high=high, at_least=at_least, on_failure=on_failure)

    def not_null(self, *, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
        """A value is there, in at least this share of the rows; in a column of numbers, NaN is none."""
        return Expectation("not_null", self.column, at_least=at_least, on_failure=on_failure)

    def unique(self, *, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
        """No value stands twice; ``at_least`` is the share of rows left when each repeated value is kept once."""
        return Expectation("unique", self.column, at_least=at_least, on_failure=on_failure)

    def matches(self, pattern: str, *, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
        """Every value matches a regular expression as a whole (RE2 syntax)."""
        return Expectation("matches", self.column, text=pattern, at_least=at_least, on_failure=on_failure)

    def contains(self, pattern: str, *, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
        """A part of every value matches a regular expression (RE2 syntax)."""
        return Expectation("contains", self.column, text=pattern, at_least=at_least, on_failure=on_failure)

    def is_a(self, kind: str, *, on_failure: str = STOP) -> Expectation:
        """The column's type is one of integer, number, text, time, boolean."""
        if kind not in {"integer", "number", "text", "time", "boolean"}:
            raise refuse(f"{self._owner}: is_a({kind!r}); use integer, number, text, time or boolean")
        return Expectation("typed", self.column, text=kind, on_failure=on_failure)

    def mean_between(self, low: float | None, high: float | None, *, on_failure: str = STOP) -> Expectation:
        """The mean over all rows lies between two bounds, both included; ``None`` leaves one side open."""
        low, high = numbers_of(f"{self._owner}, mean", (low, high))
        return Expectation("mean_between", self.column, low=low, high=high, on_failure=on_failure)


def column(name: str) -> ColumnRules:
    """Start a rule about one column, as in ``sw.column("distance").between(1, 6000)``."""
    return ColumnRules(name)


def row(condition: str, *, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
    """Every row keeps a condition over its columns, as in ``sw.row("scheduled_arrival > scheduled_departure")``."""
    parse_expression(condition)
    return Expectation("row", text=condition, at_least=at_least, on_failure=on_failure)


def reference(column_name: str, other: Keyed, *, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
    """Every value of a column stands as the key of another source."""
    where = f"reference({column_name!r}, {other.name})"
    if len(other.keys) != 1:
        raise refuse(f"{where}: {other.name} must have a key of one column")
    if on_failure == QUARANTINE and not other.is_timeless:
        raise refuse(
            f"{where}: quarantine needs a source without times, as what {other.name} knows later must not decide what "
            "becomes of an earlier row; use on_failure='warn' or 'stop'"
        )
    return Expectation(
        "reference", column_name, text=other.keys[0], other=other.name, at_least=at_least, on_failure=on_failure
    )


def fresh(*, within: str, on_failure: str = STOP) -> Expectation:
    """The newest row is no older than a duration, counted from ``--as-of``, as in ``sw.fresh(within="2d")``."""
    try:
        parse_duration(within)
    except (ValueError, TypeError) as error:
        raise refuse(f"fresh(within=): {error}") from None
    return Expectation("fresh", text=within, on_failure=on_failure)
