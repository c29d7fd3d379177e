"""The cursor's gauge: how far a reading has come, read off the rows that stream past."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.landing import Bound
from sluiceway.core.errors import SourceError
from sluiceway.plans.flat_columns import largest


@dataclass(slots=True)
class Gauge:
    """Finds the largest cursor value of what streams past, and how many rows are exactly there, of how many.

    ``rises`` tells whether no batch held a value below the largest before it. A row without the cursor is refused where
    ``needs_all``: nothing would tell whether it came before.
    """

    cursor: str | None
    shown: str
    bound: Bound | None = None
    at: int = field(default=0)
    rows: int = 0
    rises: bool = True
    needs_all: bool = False

    def through(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Pass batches on, and look at them."""
        for batch in batches:
            self.rows += batch.num_rows
            if self.cursor is not None:
                self._look(batch.column(self.cursor))
            yield batch

    def _look(self, column: pa.Array) -> None:
        if self.needs_all and column.null_count:
            raise SourceError(
                f"{self.shown}: {column.null_count} records have no {self.cursor!r}; take a cursor that every record "
                "has, or leave cursor= out, which reads everything each time"
            )
        try:
            top = largest(column)
            found = None if top is None else Bound.of(top)  # type: ignore[arg-type]
        except (TypeError, pa.ArrowNotImplementedError):
            raise SourceError(
                f"{self.shown}: {self.cursor!r} is of type {column.type}, no cursor; take a number, a time or a text"
            ) from None
        if found is None:
            return
        least = pc.min(column)
        self.rises = self.rises and (self.bound is None or Bound.of(least.as_py()).value >= self.bound.value)  # type: ignore[operator]
        if self.bound is None or found.value > self.bound.value:  # type: ignore[operator]
            self.bound, self.at = found, 0
        if found == self.bound:
            self.at += pc.sum(pc.equal(column, pa.scalar(top, column.type))).as_py()
