"""Features: what may be told of an entity, one number or text each, from the facts of a view's source.

What decides a feature's values is its ``meaning``; the words about it (description, unit, tags) decide nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.declare.names import refuse, require_name, require_tags, require_text
from sluiceway.declare.source import window
from sluiceway.declare.written_at import WrittenAt, written_here

AGGREGATES = ("mean", "count", "sum", "min", "max", "std", "count_distinct", "last_n")
LATEST, DERIVED, LAST = "latest", "derived", "last_n"
LARGEST = 4096  # numbers of one feature, each a column


@dataclass(frozen=True, slots=True)
class Feature:
    """One number or text per entity: an aggregate over a window, the latest value, or an expression over others.

    ``where`` is a condition over the source's columns: only facts for which it is true count. ``expression`` is what a
    derived feature computes of the other features of its view. ``size`` is how many numbers it gives, each a column of
    its own, where that is not one value. ``unit``, ``description`` and ``tags`` are for people,
    as is ``written_at``.
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
    written_at: WrittenAt | None = field(default_factory=written_here, compare=False, repr=False)

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
