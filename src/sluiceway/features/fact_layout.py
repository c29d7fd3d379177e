"""Fact layout: one source's facts as one view's entities ask for them, in parts that each fit in memory.

A part holds all facts of some entities, sorted by entity, ``known_time``, ``event_time`` and the view's other columns:
the last of the rows known by a moment is the one that wins among equals. ``_mark`` says which row that is newest
stands at or before a row. An index tells where each entity's rows are. Facts that corrections move from one entity to
another lie apart, as every part needs all versions of them.

A layout is the same for every cutoff, prediction and feature of the same columns; it is kept among the derived tables
under the content id of the source, and made again when it is not there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from sluiceway.core.digest import digest_of
from sluiceway.core.errors import DamagedError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import fact_columns
from sluiceway.ports.derived_store import DerivedStore

VERSION = 1  # raised when parts are laid out in another way
PART, START, ROWS, MARK = "_part", "_start", "_rows", "_mark"


@dataclass(frozen=True, slots=True)
class LayoutKeys:
    """Where a layout lies among the derived tables: of a view's columns, entities and keys, and a source's content."""

    stem: str
    content_id: str

    @classmethod
    def of(cls, view: FeatureView, content_id: str, *, part_rows: int) -> "LayoutKeys":
        """Name the layout; views that agree in these share it."""
        about = [VERSION, view.entities, view.source.keys, fact_columns(view), part_rows]
        return cls(f"layouts/{digest_of(about)[:32]}", content_id)

    def of_part(self, number: int) -> str:
        """Name a part's table."""
        return f"{self.stem}/part-{number:05}@{self.content_id}"

    def of_run(self, number: int) -> str:
        """Name rows on their way into parts."""
        return f"{self.stem}/run-{number:05}@{self.content_id}"

    def of_pairs(self, number: int) -> str:
        """Name keys with their entities on the way to be compared."""
        return f"{self.stem}/pairs-{number:05}@{self.content_id}"

    @property
    def index(self) -> str:
        """Name the index, which is written last."""
        return f"{self.stem}/index@{self.content_id}"

    @property
    def moved(self) -> str:
        """Name the facts that lie apart."""
        return f"{self.stem}/moved@{self.content_id}"


@dataclass(frozen=True, slots=True)
class FactLayout:
    """A layout that is there.

    Attributes:
        keys: Where its tables lie.
        derived: Holds them.
        index: By entity: ``_part``, and ``_start`` and ``_rows`` in it.
        moved: Facts of which corrections changed the entity, in all their versions.
        parts: How many parts there are, at least one.
    """

    keys: LayoutKeys
    derived: DerivedStore
    index: pl.DataFrame
    moved: pa.Table
    parts: int

    def part(self, number: int) -> pa.Table:
        """Give a part's facts, mapped into memory, and with them those that lie apart.

        Raises:
            DamagedError: it was removed or damaged meanwhile.
        """
        found = needed(self.derived, self.keys.of_part(number))
        return pa.concat_tables([found.drop_columns([MARK]), self.moved]) if self.moved.num_rows else found

    def located(self, asked: pl.DataFrame, entities: tuple[str, ...]) -> pl.DataFrame:
        """Add ``_part``, ``_start`` and ``_rows``; an entity without facts is looked for, in vain, in the first part.

        Where facts lie apart, an entity may have none but those, and any part will do.
        """
        kinds = self.index.schema
        found = asked.with_columns(pl.col(name).cast(kinds[name]) for name in entities)
        return found.join(self.index, on=list(entities), how="left", maintain_order="left").with_columns(
            pl.col(PART, START, ROWS).fill_null(0)
        )

    def facts_of(self, asked: pa.Table, entities: tuple[str, ...]) -> pa.Table:
        """Give the facts of a few entities, and those that lie apart."""
        few = self.located(pl.DataFrame(pl.from_arrow(asked.select(list(entities)))).unique(), entities)
        pieces = [self.moved, *self._pieces(few)]
        return pa.concat_tables(pieces)

    def _pieces(self, few: pl.DataFrame) -> Iterator[pa.Table]:
        for (number,), rows in few.group_by(PART):
            bare = needed(self.derived, self.keys.of_part(int(str(number)))).drop_columns([MARK])
            for start, count in rows.select(START, ROWS).iter_rows():
                yield bare.slice(start, count)


def needed(derived: DerivedStore, key: str) -> pa.Table:
    """Give a derived table that was there a moment ago.

    Raises:
        DamagedError: it is no longer.
    """
    found = derived.get(key)
    if found is None:
        raise DamagedError(f"the derived table {key} was removed or damaged while it was used; run again to remake it")
    return found


def kept_layout(keys: LayoutKeys, derived: DerivedStore) -> FactLayout | None:
    """Find a layout that was made before, if all its parts are still there."""
    index, moved = derived.get(keys.index), derived.get(keys.moved)
    if index is None or moved is None:
        return None
    count = int((index.schema.metadata or {}).get(b"parts", b"0"))
    if any(derived.get(keys.of_part(number)) is None for number in range(count)):
        return None
    return FactLayout(keys, derived, pl.DataFrame(pl.from_arrow(index)), moved, count)
