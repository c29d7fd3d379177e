"""Expectations: what the rows of a source must be like before anything is built on them."""

from dataclasses import dataclass

from sluiceway.core.digest import digest_of
from sluiceway.declare.expression import parse_expression
from sluiceway.declare.names import refuse

STOP, WARN, QUARANTINE = "stop", "warn", "quarantine"
ON_FAILURE = (STOP, WARN, QUARANTINE)
DRIFT = ("like", "mean_within", "quantiles_within", "nulls_within", "jensen_shannon_within", "may_drift")
BY_ROW = ("one_of", "none_of", "between", "not_null", "matches", "contains", "row", "reference")
KINDS = (*BY_ROW, "unique", "typed", "mean_between", "fresh", "rows", "rows_change", "sql")

EVERY_COLUMN = "*"
AUTO, ALL, NEW = "auto", "all", "new"
LONGEST_LIST = 40
LONGEST_SQL = 60


@dataclass(frozen=True, slots=True)
class Expectation:
    """One rule, the share of rows, above 0 and at most 1, that must keep it, and what follows when fewer do.

    A missing value does not break a rule about values, only ``not_null``. ``on_failure`` is ``stop``: the gate closes;
    ``warn``: it is recorded and told; or ``quarantine``: rows that break the rule are set apart and nothing is built on
    them, and the gate closes when the others are fewer than ``at_least``.

    The kinds in ``DRIFT`` compare a column with an earlier version: ``high`` is by how much it may differ, ``text`` the
    reference (nothing for the settings' own), ``rows`` which rows now: ``all``, ``new`` (those the reference has not)
    or ``auto``.
    """

    kind: str
    column: str | None = None
    values: tuple[object, ...] = ()
    low: float | str | None = None
    high: float | str | None = None
    text: str | None = None
    other: str | None = None
    at_least: float = 1.0
    every: str | None = None
    rows: str = AUTO
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
        meaning: list[object] = [self.kind, self.column, list(self.values), self.low, self.high, self.text, self.other]
        return [*meaning, list(self.columns)] if self.columns else meaning

    @property
    def is_drift(self) -> bool:
        """Whether it compares with an earlier version, in layer B."""
        return self.kind in DRIFT

    @property
    def limit(self) -> float | None:
        """By how much a column may differ from an earlier version, where that is declared."""
        return None if self.high is None else float(self.high)

    @property
    def name(self) -> str:
        """What a report calls this rule; one that only warns is another than one that stops."""
        return f"{self._words} (warns)" if self.on_failure == WARN else self._words

    @property
    def identity(self) -> tuple[object, ...]:
        """What two rules of one source cannot share, as reports would take one for the other."""
        if self.kind == "fresh":
            return self.kind, self.column, self.on_failure
        return (self.kind, self.column, self.text, self.values, self.on_failure) if self.is_drift else (self.name,)

    @property
    def _words(self) -> str:
        column = self.column or ""
        names = {
            "one_of": f"{column} is one of {_listed(self.values)}",
            "none_of": f"{column} is none of {_listed(self.values)}",
            "between": f"{column} {_within(self.low, self.high)}",
            "not_null": f"{column} is not missing",
            "unique": f"{column or listed_columns(self.columns)} is unique",
            "matches": f"{column} matches {self.text}",
            "contains": f"{column} contains {self.text}",
            "typed": f"{column} is {self.text}",
            "row": f"row: {self.text}",
            "reference": f"{column or listed_columns(self.columns)} refers to {self.other}.{self.text}",
            "fresh": f"partitions {column} every {self.every}, " * bool(column) + f"no older than {self.text}",
            "mean_between": f"mean of {column} {_within(self.low, self.high)}",
            "rows": f"number of rows {_within(self.low, self.high)}",
            "rows_change": f"number of rows changed by at most {_share(self.high)}",
            "sql": f"sql: {self.other or _shortened(self.text or '')}",
            "like": f"{column} is distributed like {self.text or 'the reference'}",
            "mean_within": f"mean of {column} within {self.high}",
            "quantiles_within": f"quantiles of {column} within {self.high}",
            "nulls_within": f"missing values of {column} within {self.high}",
            "jensen_shannon_within": f"Jensen-Shannon distance of {column} within {self.high}",
            "may_drift": f"{column} may drift",
        }
        return names[self.kind]


def listed_columns(columns: tuple[str, ...]) -> str:
    """Write several columns as one."""
    return f"({', '.join(columns)})"


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
