"""Expectations: what the rows of a source must be like before anything is built on them."""

from dataclasses import dataclass
from typing import Protocol

from sluiceway.core.digest import digest_of
from sluiceway.core.duration import parse_duration
from sluiceway.declare.expression import parse_expression
from sluiceway.declare.names import refuse

KINDS = ("one_of", "between", "not_null", "unique", "matches", "typed", "row", "reference", "fresh", "mean_between")

LONGEST_LIST = 40


class Keyed(Protocol):
    """Anything with a name and a key: a source, which this module must not know."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that identify its rows."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One rule, and the share of rows, above 0 and at most 1, that must keep it.

    A missing value does not break a rule about values, only ``not_null``.
    """

    kind: str
    column: str | None = None
    values: tuple[object, ...] = ()
    low: float | None = None
    high: float | None = None
    text: str | None = None
    other: str | None = None
    at_least: float = 1.0
    every: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.at_least <= 1:
            raise refuse(f"{self.name}: at_least must be above 0 and at most 1, got {self.at_least!r}")

    @property
    def name(self) -> str:
        """What a report calls this rule."""
        column = self.column or ""
        names = {
            "one_of": f"{column} is one of {_listed(self.values)}",
            "between": f"{column} between {self.low} and {self.high}",
            "not_null": f"{column} is not missing",
            "unique": f"{column} is unique",
            "matches": f"{column} matches {self.text}",
            "typed": f"{column} is {self.text}",
            "row": f"row: {self.text}",
            "reference": f"{column} refers to {self.other}.{self.text}",
            "fresh": f"partitions {column} every {self.every}, " * bool(column) + f"no older than {self.text}",
            "mean_between": f"mean of {column} between {self.low} and {self.high}",
        }
        return names[self.kind]


def _listed(values: tuple[object, ...]) -> str:
    """Write values out, or count them with their digest: other values make another name, and so another check."""
    words = ", ".join(map(str, values))
    return words if len(words) <= LONGEST_LIST else f"{len(values)} values ({digest_of(values)[:6]})"


@dataclass(frozen=True, slots=True)
class ColumnRules:
    """The rules one column can be given: ``sw.column("origin").one_of("EWR", "JFK")``."""

    column: str

    def one_of(self, *values: str | float | bool, at_least: float = 1.0) -> Expectation:
        """Every value is among these."""
        if not values:
            raise refuse(f"column {self.column!r}: one_of() needs at least one value")
        return Expectation("one_of", self.column, values=values, at_least=at_least)

    def between(self, low: float, high: float, *, at_least: float = 1.0) -> Expectation:
        """Every value lies between two bounds, both included."""
        if not low <= high:
            raise refuse(f"column {self.column!r}: between({low}, {high}) holds nothing; low must not exceed high")
        return Expectation("between", self.column, low=low, high=high, at_least=at_least)

    def not_null(self, *, at_least: float = 1.0) -> Expectation:
        """A value is there."""
        return Expectation("not_null", self.column, at_least=at_least)

    def unique(self) -> Expectation:
        """No value stands twice."""
        return Expectation("unique", self.column)

    def matches(self, pattern: str, *, at_least: float = 1.0) -> Expectation:
        """Every value matches a regular expression as a whole (RE2 syntax)."""
        return Expectation("matches", self.column, text=pattern, at_least=at_least)

    def is_a(self, kind: str) -> Expectation:
        """The column's type is one of integer, number, text, time, boolean."""
        if kind not in {"integer", "number", "text", "time", "boolean"}:
            raise refuse(f"column {self.column!r}: is_a({kind!r}); use integer, number, text, time or boolean")
        return Expectation("typed", self.column, text=kind)

    def mean_between(self, low: float, high: float) -> Expectation:
        """The mean over all rows lies between two bounds, both included."""
        return Expectation("mean_between", self.column, low=low, high=high)


def column(name: str) -> ColumnRules:
    """Start a rule about one column, as in ``sw.column("distance").between(1, 6000)``."""
    return ColumnRules(name)


def row(condition: str, *, at_least: float = 1.0) -> Expectation:
    """Every row keeps a condition over its columns, as in ``sw.row("scheduled_arrival > scheduled_departure")``."""
    parse_expression(condition)
    return Expectation("row", text=condition, at_least=at_least)


def reference(column_name: str, other: Keyed, *, at_least: float = 1.0) -> Expectation:
    """Every value of a column stands as the key of another source."""
    if len(other.keys) != 1:
        raise refuse(f"reference({column_name!r}, {other.name}): {other.name} must have a key of one column")
    return Expectation("reference", column_name, text=other.keys[0], other=other.name, at_least=at_least)


def fresh(*, within: str, partition: str | None = None, every: str | None = None) -> Expectation:
    """The newest row is no older than a duration, counted from ``--as-of``, as in ``sw.fresh(within="2d")``.

    With ``partition``, a column of times such as the ``dt`` of ``dt=2013-01-01``, the newest partition counts, by when
    it begins, and none may be missing between the first and the newest: one ``every`` day (by default) or hour.

    Raises:
        DeclarationError: a duration is none, or ``every`` is given without ``partition``.
    """
    if every is not None and partition is None:
        raise refuse("fresh(every=) says how often partitions come; say which column holds them, as partition=")
    pace = (every or "1d") if partition is not None else None
    for name, text in (("within", within), ("every", pace)):
        try:
            parse_duration(text or "1d")
        except (ValueError, TypeError) as error:
            raise refuse(f"fresh({name}=): {error}") from None
    return Expectation("fresh", partition, text=within, every=pace)
