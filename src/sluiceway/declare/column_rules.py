"""Column rules: what the values of one column must be like, alone or beside an earlier version."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from sluiceway.declare.bounds import Bound, bounds_of, numbers_of
from sluiceway.declare.expectation import ALL, AUTO, NEW, STOP, Expectation
from sluiceway.declare.names import refuse
from sluiceway.declare.reference_choice import parse_reference


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
        self._check_values("one_of", values)
        return Expectation("one_of", self.column, values=values, at_least=at_least, on_failure=on_failure)

    def none_of(self, *values: str | float | bool, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
        """No value is among these."""
        self._check_values("none_of", values)
        return Expectation("none_of", self.column, values=values, at_least=at_least, on_failure=on_failure)

    def _check_values(self, rule: str, values: tuple[object, ...]) -> None:
        if not values:
            raise refuse(f"{self._owner}: {rule}() needs at least one value")
        odd = [value for value in values if not isinstance(value, str | int | float)]
        if odd:
            raise refuse(f"{self._owner}: {rule}({odd[0]!r}): give the values one by one: {rule}('EWR', 'JFK')")

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
        """Every value matches a regular expression as a whole (the syntax of Rust's regex)."""
        return Expectation("matches", self.column, text=pattern, at_least=at_least, on_failure=on_failure)

    def contains(self, pattern: str, *, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
        """A part of every value matches a regular expression (the syntax of Rust's regex)."""
        return Expectation("contains", self.column, text=pattern, at_least=at_least, on_failure=on_failure)

    def is_a(self, kind: str, *, on_failure: str = STOP) -> Expectation:
        """The column's type is one of integer, number, text, time, boolean, numbers (a list of them)."""
        if kind not in {"integer", "number", "text", "time", "boolean", "numbers"}:
            raise refuse(f"{self._owner}: is_a({kind!r}); use integer, number, text, time, boolean or numbers")
        return Expectation("typed", self.column, text=kind, on_failure=on_failure)

    def mean_between(self, low: float | None, high: float | None, *, on_failure: str = STOP) -> Expectation:
        """The mean over all rows lies between two bounds, both included; ``None`` leaves one side open."""
        low, high = numbers_of(f"{self._owner}, mean", (low, high))
        return Expectation("mean_between", self.column, low=low, high=high, on_failure=on_failure)

    def like(
        self, reference: str = "", *, within: float | None = None, rows: str = AUTO, on_failure: str = STOP
    ) -> Expectation:
        """The values are distributed as in an earlier version: Kolmogorov-Smirnov for numbers, else chi-square.

        Args:
            reference: ``previous``, ``rolling``, ``rolling 10``, ``pinned`` or a version's digits; by default what the
                setting ``reference`` says. The methods below take it too.
            within: The largest D, or Cramer's V, 0 to 1; by default the spec's ``drift_practical_floor``.
            rows: ``all`` rows, or only ``new`` ones that the reference has not; by default new ones where a source
                without times is added to.
            on_failure: ``stop`` or ``warn``.
        """
        return self._drift("like", within, reference, rows, most=1.0, on_failure=on_failure)

    def mean_within(
        self, limit: float, *, reference: str = "", rows: str = AUTO, on_failure: str = STOP
    ) -> Expectation:
        """The mean lies within ``limit`` standard deviations (the reference's) of the reference's mean."""
        return self._drift("mean_within", limit, reference, rows, on_failure=on_failure)

    def quantiles_within(
        self,
        limit: float,
        *,
        at: Sequence[float] = (0.1, 0.5, 0.9),
        reference: str = "",
        rows: str = AUTO,
        on_failure: str = STOP,
    ) -> Expectation:
        """Each of these quantiles (0 to 1) has moved by at most ``limit`` standard deviations of the reference."""
        places = tuple(at)
        if not places or not all(0 < each < 1 for each in places):
            raise refuse(f"column {self.column!r}: quantiles_within(at={at!r}) needs numbers above 0 and below 1")
        return self._drift("quantiles_within", limit, reference, rows, values=places, on_failure=on_failure)

    def nulls_within(
        self, limit: float, *, reference: str = "", rows: str = AUTO, on_failure: str = STOP
    ) -> Expectation:
        """The share of missing values differs from the reference's by at most ``limit``, such as 0.02 for 2 of 100."""
        return self._drift("nulls_within", limit, reference, rows, most=1.0, on_failure=on_failure)

    def jensen_shannon_within(
        self, limit: float, *, reference: str = "", rows: str = AUTO, on_failure: str = STOP
    ) -> Expectation:
        """The Jensen-Shannon distance, base 2 (0 the same, 1 nothing in common), is at most ``limit``."""
        return self._drift("jensen_shannon_within", limit, reference, rows, most=1.0, on_failure=on_failure)

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
        on_failure: str,
    ) -> Expectation:
        owner = f"column {self.column!r}, {kind}"
        if limit is not None and not 0 <= limit < most:
            bound = "" if most == inf else f" and below {most:g}"
            raise refuse(f"{owner}: the limit must be at least 0{bound}, got {limit!r}")
        if rows not in {AUTO, ALL, NEW}:
            raise refuse(f"{owner}: rows must be {ALL!r} or {NEW!r}, got {rows!r}")
        text = parse_reference(reference, owner=owner).text if reference else None
        return Expectation(kind, self.column, values=values, high=limit, text=text, rows=rows, on_failure=on_failure)


def column(name: str) -> ColumnRules:
    """Start a rule about one column, as in ``sw.column("distance").between(1, 6000)``.

    ``*`` stands for every column, in rules that compare with an earlier version.
    """
    return ColumnRules(name)
