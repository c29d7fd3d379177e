"""Features: what may be told of an entity, one number or text each, from the facts of a view's source.

What decides a feature's values is its ``meaning``; the words about it (description, unit, tags) decide nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.declare.names import refuse, require_name, require_tags, require_text
from sluiceway.declare.source import window

AGGREGATES = ("mean", "count", "sum", "min", "max", "std", "count_distinct", "last_n")
LATEST, DERIVED, LAST = "latest", "derived", "last_n"
LARGEST = 4096  # numbers of one feature, each a column


class Words(TypedDict, total=False):
    """What people are told of a feature: what it says, in which unit, and what it is found under."""

    description: str
    unit: str
    tags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number or text per entity: an aggregate over a window, the latest value, or an expression over others.

    ``where`` is a condition over the source's columns: only facts for which it is true count. ``expression`` is what a
    derived feature computes of the other features of its view. ``size`` is how many numbers it gives, each a column of
    its own, where that is not one value. ``unit``, ``description`` and ``tags`` are for people.
    """

    kind: str
    column: str | None = None
    over: str | None = None
    fresh: bool = False
    given_name: str | None = None
    where: str | None = None
    expression: str | None = None
    description: str = ""
    unit: str = ""
    tags: Sequence[str] = ()
    size: int | None = None

    def __post_init__(self) -> None:
        called = self.given_name or f"{self.kind}({self.column or ''})"
        if self.is_window:
            window(self.over, owner=called)
        if self.where is not None:
            parse_expression(self.where)
            if self.given_name is None:
                raise refuse(f'{called}, where={self.where!r}: say what this is of, as in name="{self.kind}_cancelled"')
        if self.size is not None and (type(self.size) is not int or not 1 <= self.size <= LARGEST):
            how = "n" if self.kind == LAST else "size"
            raise refuse(f"{called}: {how}={self.size!r} must be a whole number from 1 to {LARGEST}")
        if self.given_name is not None:
            require_name("feature", self.given_name)
        if self.expression is not None:
            parse_expression(self.expression)
        require_text(f"feature {called}", "description", self.description)
        require_text(f"feature {called}", "unit", self.unit)
        object.__setattr__(self, "tags", require_tags(f"feature {called}", self.tags))

    @property
    def name(self) -> str:
        """The feature's name inside its view: ``mean_arr_delay_24h``, ``latest_temp``, unless it was given one."""
        kind = f"last_{self.size}" if self.kind == LAST else self.kind
        parts = (kind, self.column, self.over, "fresh" if self.fresh else None)
        return self.given_name or "_".join(part for part in parts if part)

    @property
    def names(self) -> tuple[str, ...]:
        """The values that it gives, by their names inside its view: its own, or its own and a number from 0 on."""
        return (self.name,) if self.size is None else tuple(f"{self.name}_{place}" for place in range(self.size))

    @property
    def is_window(self) -> bool:
        """Whether the feature aggregates a window."""
        return self.kind in AGGREGATES

    @property
    def is_latest(self) -> bool:
        """Whether the feature takes the newest fact's value."""
        return self.kind == LATEST

    @property
    def is_list(self) -> bool:
        """Whether the feature takes the numbers of a list, such as an embedding."""
        return self.is_latest and self.size is not None

    @property
    def is_derived(self) -> bool:
        """Whether the feature is computed from the others of its view."""
        return self.kind == DERIVED

    @property
    def condition(self) -> Expression | None:
        """The parsed condition on facts."""
        return parse_expression(self.where) if self.where else None

    @property
    def computed(self) -> Expression | None:
        """The parsed expression over the view's other features."""
        return parse_expression(self.expression) if self.expression else None

    @property
    def reads(self) -> frozenset[str]:
        """The source's columns that it reads itself, its condition's among them."""
        own = {self.column} if self.column else set()
        return frozenset(own | (set(self.condition.columns) if self.condition else set()))

    @property
    def meaning(self) -> dict[str, object]:
        """What decides its values, ready to be hashed; what is not set is not in it."""
        meaning: dict[str, object] = {name: getattr(self, name) for name in ("kind", "column", "over", "fresh")}
        added = {"where": self.condition, "expression": self.computed}
        meaning |= {name: parsed.sql for name, parsed in added.items() if parsed}
        sized = {} if self.size is None else {"size": self.size}
        return meaning | sized | {"given_name": self.given_name}


def mean(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Average a column over a window; missing when no value is in it."""
    return Feature("mean", column, over, fresh, name, where, **words)


def count(
    column: str | None = None,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Count what is in a window: facts, or a column's present values; 0 when there are none."""
    return Feature("count", column, over, fresh, name, where, **words)


def total(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Add up a column over a window; missing when no value is in it."""
    return Feature("sum", column, over, fresh, name, where, **words)


def minimum(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Take the least value of a column in a window; missing when no value is in it."""
    return Feature("min", column, over, fresh, name, where, **words)


def maximum(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Take the greatest value of a column in a window; missing when no value is in it."""
    return Feature("max", column, over, fresh, name, where, **words)


def deviation(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Take the sample standard deviation of a column over a window; missing when fewer than two values are in it.

    Numbers are taken to within 2**-47 (7e-15); those of 2**47 (1.4e14) and beyond count as missing.
    """
    return Feature("std", column, over, fresh, name, where, **words)


def count_distinct(
    column: str,
    *,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Count the different values of a column in a window; 0 when none is in it.

    Exact for fewer than 1024 of them; above, an estimate with a standard error of 3 %.
    """
    return Feature("count_distinct", column, over, fresh, name, where, **words)


def last_n(
    column: str,
    *,
    n: int,
    over: str,
    where: str | None = None,
    fresh: bool = False,
    name: str | None = None,
    **words: Unpack[Words],
) -> Feature:
    """Take the last ``n`` values of a column that became known in a window, the newest first, each as a column.

    By known_time, then event_time, then the greater value; facts without a value are passed over. Columns for which
    there are not enough are missing.
    """
    return Feature(LAST, column, over, fresh, name, where, size=n, **words)


def latest(column: str, *, size: int | None = None, name: str | None = None, **words: Unpack[Words]) -> Feature:
    """Take a column from the newest fact known (by event time, then known time); missing past the view's ttl.

    ``size`` says that it is a list of so many numbers, as an embedding is; each becomes a column.
    """
    return Feature(LATEST, column, given_name=name, size=size, **words)


def derived(name: str, expression: str, **words: Unpack[Words]) -> Feature:
    """Compute a feature from the others of its view, by their names in it, such as ``sum_x_1h / nullif(count_1h, 0)``.

    It is computed when the others are, and stored with them. Where all others are missing, as of an entity of which
    nothing is known, so is it.
    """
    return Feature(DERIVED, given_name=name, expression=expression, **words)
