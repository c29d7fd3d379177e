"""Expectations: what the rows of a source must be like before anything is built on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from sluiceway.core.digest import digest_of
from sluiceway.core.duration import parse_duration
from sluiceway.declare.expression import parse_expression
from sluiceway.declare.names import refuse
from sluiceway.declare.reference_choice import parse_reference

DRIFT = ("like", "mean_within", "quantiles_within", "nulls_within", "jensen_shannon_within", "may_drift")
KINDS = ("one_of", "between", "not_null", "unique", "matches", "typed", "row", "reference", "fresh", "mean_between")

LONGEST_LIST = 40
EVERY_COLUMN = "*"
AUTO, ALL, NEW = "auto", "all", "new"


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

    A missing value does not break a rule about values, only ``not_null``. The kinds in ``DRIFT`` compare a column with
    an earlier version: ``high`` is by how much it may differ, ``text`` the reference (nothing for the settings' own),
    ``rows`` which rows now: ``all``, ``new`` (those the reference has not) or ``auto``.
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
    rows: str = AUTO
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.at_least <= 1:
            raise refuse(f"{self.name}: at_least must be above 0 and at most 1, got {self.at_least!r}")

    @property
    def is_drift(self) -> bool:
        """Whether it compares with an earlier version, in layer B."""
        return self.kind in DRIFT

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
            "reference": f"{column or _tuple(self.columns)} refers to {self.other}.{self.text}",
            "fresh": f"partitions {column} every {self.every}, " * bool(column) + f"no older than {self.text}",
            "mean_between": f"mean of {column} between {self.low} and {self.high}",
            "like": f"{column} is distributed like {self.text or 'the reference'}",
            "mean_within": f"mean of {column} within {self.high}",
            "quantiles_within": f"quantiles of {column} within {self.high}",
            "nulls_within": f"missing values of {column} within {self.high}",
            "jensen_shannon_within": f"Jensen-Shannon distance of {column} within {self.high}",
            "may_drift": f"{column} may drift",
        }
        return names[self.kind]


def _tuple(columns: tuple[str, ...]) -> str:
    return f"({', '.join(columns)})"


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

    def like(self, reference: str = "", *, within: float | None = None, rows: str = AUTO) -> Expectation:
        """The values are distributed as in an earlier version: Kolmogorov-Smirnov for numbers, else chi-square.

        Args:
            reference: ``previous``, ``rolling``, ``rolling 10``, ``pinned`` or a version's digits; by default what the
                setting ``reference`` says. The methods below take it too.
            within: The largest D, or Cramer's V, 0 to 1; by default the spec's ``drift_practical_floor``.
            rows: ``all`` rows, or only ``new`` ones that the reference has not; by default new ones where a source
                without times is added to.
        """
        return self._drift("like", within, reference, rows, most=1.0)

    def mean_within(self, limit: float, *, reference: str = "", rows: str = AUTO) -> Expectation:
        """The mean lies within ``limit`` standard deviations (the reference's) of the reference's mean."""
        return self._drift("mean_within", limit, reference, rows)

    def quantiles_within(
        self, limit: float, *, at: Sequence[float] = (0.1, 0.5, 0.9), reference: str = "", rows: str = AUTO
    ) -> Expectation:
        """Each of these quantiles (0 to 1) has moved by at most ``limit`` standard deviations of the reference."""
        places = tuple(at)
        if not places or not all(0 < each < 1 for each in places):
            raise refuse(f"column {self.column!r}: quantiles_within(at={at!r}) needs numbers above 0 and below 1")
        return self._drift("quantiles_within", limit, reference, rows, values=places)

    def nulls_within(self, limit: float, *, reference: str = "", rows: str = AUTO) -> Expectation:
        """The share of missing values differs from the reference's by at most ``limit``, such as 0.02 for 2 of 100."""
        return self._drift("nulls_within", limit, reference, rows, most=1.0)

    def jensen_shannon_within(self, limit: float, *, reference: str = "", rows: str = AUTO) -> Expectation:
        """The Jensen-Shannon distance, base 2 (0 the same, 1 nothing in common), is at most ``limit``."""
        return self._drift("jensen_shannon_within", limit, reference, rows, most=1.0)

    def may_drift(self) -> Expectation:
        """Nothing is compared but what else is declared of the column, as it is meant to move."""
        return Expectation("may_drift", self.column)

    def _drift(
        self,
        kind: str,
        limit: float | None,
        reference: str,
        rows: str,
        *,
        most: float = inf,
        values: tuple[float, ...] = (),
    ) -> Expectation:
        owner = f"column {self.column!r}, {kind}"
        if limit is not None and not 0 <= limit < most:
            bound = "" if most == inf else f" and below {most:g}"
            raise refuse(f"{owner}: the limit must be at least 0{bound}, got {limit!r}")
        if rows not in {AUTO, ALL, NEW}:
            raise refuse(f"{owner}: rows must be {ALL!r} or {NEW!r}, got {rows!r}")
        text = parse_reference(reference, owner=owner).text if reference else None
        return Expectation(kind, self.column, values=values, high=limit, text=text, rows=rows)


def column(name: str) -> ColumnRules:
    """Start a rule about one column, as in ``sw.column("distance").between(1, 6000)``.

    ``*`` stands for every column, in rules that compare with an earlier version.
    """
    return ColumnRules(name)


def row(condition: str, *, at_least: float = 1.0) -> Expectation:
    """Every row keeps a condition over its columns, as in ``sw.row("scheduled_arrival > scheduled_departure")``."""
    parse_expression(condition)
    return Expectation("row", text=condition, at_least=at_least)


def reference(column_name: str | tuple[str, ...], other: Keyed, *, at_least: float = 1.0) -> Expectation:
    """Every value of a column stands as the key of another source.

    For a key of several columns, give as many, in the key's order: ``sw.reference(("origin", "hour"), weather)``. A row
    that lacks any of them is not judged, as in SQL's ``MATCH SIMPLE``.
    """
    columns = (column_name,) if isinstance(column_name, str) else tuple(column_name)
    if not other.keys or len(other.keys) != len(columns):
        raise refuse(
            f"reference({column_name!r}, {other.name}): {len(columns)} column{'' if len(columns) == 1 else 's'} cannot "
            f"refer to the key of {other.name}, which is {_tuple(other.keys) if other.keys else 'not declared'}"
        )
    if len(columns) == 1:
        return Expectation("reference", columns[0], text=other.keys[0], other=other.name, at_least=at_least)
    text = _tuple(other.keys)
    return Expectation("reference", values=other.keys, text=text, other=other.name, at_least=at_least, columns=columns)


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
