"""Large sources: which they are, how they are laid out, and what was computed of their parts before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.digest import digest_of
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.fact_layout import FactLayout, LayoutKeys
from sluiceway.features.gate import STAGE_VERSION
from sluiceway.features.laying_out import laid_out
from sluiceway.plans.table_digest import table_content_id
from sluiceway.ports.derived_store import DerivedStore, NothingDerived
from sluiceway.ports.progress import Progress, Silence

LARGE_ROWS = 4_000_000
PART_ROWS = 1_000_000


class Scans(Protocol):
    """The part of a table store that is needed here."""

    def scan(self, ref: TableRef) -> pl.LazyFrame:
        """Return the rows to be read piece by piece."""


@dataclass(frozen=True, slots=True)
class LargeSources:
    """How large sources are dealt with. Where nothing can be kept, none is large.

    Attributes:
        derived: Keeps layouts, and what was computed of their parts.
        from_rows: A source of so many rows is large.
        part_rows: About how many a part has.
        keep_answers: Whether what is computed of a part is kept, so that work that was broken off goes on.
        progress: Told what is being done.
    """

    derived: DerivedStore = field(default_factory=NothingDerived)
    from_rows: int = LARGE_ROWS
    part_rows: int = PART_ROWS
    keep_answers: bool = False
    progress: Progress = field(default_factory=Silence)
    _layouts: dict[LayoutKeys, FactLayout] = field(default_factory=dict)
    _making: Lock = field(default_factory=Lock)

    def is_large(self, ref: TableRef) -> bool:
        """Tell whether a source is to be laid out instead of held."""
        return ref.rows >= self.from_rows and not isinstance(self.derived, NothingDerived)

    def layout(self, view: FeatureView, ref: TableRef, tables: Scans) -> FactLayout:
        """Find or make the layout of a view's source.

        Raises:
            UnknownTableError, DamagedError: as the table store does.
        """
        keys = LayoutKeys.of(view, ref.content_id, part_rows=self.part_rows)
        with self._making:
            if keys not in self._layouts:
                self._layouts[keys] = laid_out(
                    view,
                    tables.scan(ref),
                    keys,
                    rows=ref.rows,
                    part_rows=self.part_rows,
                    derived=self.derived,
                    progress=self.progress,
                )
        return self._layouts[keys]

    def kept(self, about: tuple[object, ...], ref: TableRef, asked: pa.Table, make: Callable[[], pa.Table]) -> pa.Table:
        """Make a table, unless it was made before of the same.

        Args:
            about: What it depends on, besides a source and what is asked.
            ref: The source's table.
            asked: Rows that are asked about.
            make: Makes it.
        """
        if not self.keep_answers:
            return make()
        recipe = digest_of([STAGE_VERSION, *about, ref.content_id, table_content_id(asked)])
        key = f"columns/{recipe[:2]}/{recipe}@{ref.content_id}"
        found = self.derived.get(key)
        if found is None:
            found = make()
            self.derived.put(key, found)
        return found
