"""Row times: one of a source's two times, of many rows at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sluiceway.core.moments import in_utc
from sluiceway.declare.expression import Expression
from sluiceway.declare.expression_kind import column_named
from sluiceway.plans.moments_sql import EPOCH, MICROSECOND
from sluiceway.plans.request_closure import compile_closure

Micros = list[int | None]


class RowTime:
    """Reads a time off one column, or computes it of several."""

    def __init__(self, expression: Expression, kinds: Mapping[str, str]) -> None:
        """Compile an expression over columns of these kinds."""
        self.columns = tuple(dict.fromkeys(column_named(name, kinds) for name in expression.columns))
        self._bare = expression.tree[0] == "column"
        self._closure = None if self._bare else compile_closure(expression, kinds)

    def of(self, lists: Mapping[str, Sequence[Any]], count: int) -> tuple[Micros, dict[int, str]]:
        """Give so many rows' times in microseconds; for those that cannot be computed, the reason by place."""
        if self._closure is None:
            return micros(lists[self.columns[0]]), {}
        made: Micros = []
        why: dict[int, str] = {}
        inputs = [
            [in_utc(value) if isinstance(value, datetime) else value for value in lists[name]] for name in self.columns
        ]
        for place in range(count):
            row = {name: values[place] for name, values in zip(self.columns, inputs, strict=True)}
            try:
                made.append(_micro(self._closure(row)))
            except (ValueError, TypeError, OverflowError) as error:
                made.append(None)
                why[place] = f"its time cannot be computed: {error}"
        return made, why


def micros(values: Sequence[Any]) -> Micros:
    """Give times as microseconds since the epoch."""
    return [None if value is None else (in_utc(value) - EPOCH) // MICROSECOND for value in values]


def _micro(value: object) -> int | None:
    return (in_utc(value) - EPOCH) // MICROSECOND if isinstance(value, datetime) else None
