"""Known rows: a view's facts as lists, in the order in which they became known.

Facts that became known at one moment stand in the order in which they replace each other: by event_time, then by their
other columns in the order of their names, missing values least (see ``plans.corrections``). So a version of a fact
always replaces one before it.
"""

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN, fact_columns, identity
from sluiceway.plans.list_columns import sort_key
from sluiceway.plans.packed_value import pack_key

NOBODY = -1
NOTHING = -1
NUMBER = ":entity"  # no column has such a name
PLACE = ":place"


@dataclass(frozen=True, slots=True)
class KnownRows:
    """Facts by place: times in microseconds since the epoch, whose they are, and the place of what each replaces.

    ``entity`` numbers ``keys``, the packed keys; ``NOBODY`` where an entity column is missing. ``replaces`` is
    ``NOTHING`` where a fact is new.
    """

    frame: pl.DataFrame
    known: list[int]
    event: list[int]
    entity: list[int]
    keys: list[bytes]
    replaces: list[int]


def known_rows(view: FeatureView, rows: pa.Table) -> KnownRows:
    """Put a view's facts in order; those without a time are left out."""
    names = fact_columns(view)
    times = [pl.col(EVENT_TIME).to_physical().alias(EVENT), pl.col(KNOWN_TIME).to_physical().alias(KNOWN)]
    facts = pl.DataFrame(pl.from_arrow(rows.select([*names, EVENT_TIME, KNOWN_TIME])))
    facts = facts.select(*names, *times).drop_nulls([EVENT, KNOWN])
    order = [sort_key(name, facts.schema[name]) for name in names]
    frame = facts.sort(KNOWN, EVENT, *order, nulls_last=False)
    entity, keys = _entities(view, frame)
    return KnownRows(
        frame=frame,
        known=frame.get_column(KNOWN).to_list(),
        event=frame.get_column(EVENT).to_list(),
        entity=entity,
        keys=keys,
        replaces=_replaced(view, frame),
    )


def _entities(view: FeatureView, frame: pl.DataFrame) -> tuple[list[int], list[bytes]]:
    names = list(view.entities)
    entities = frame.select(names).drop_nulls().unique(maintain_order=True)
    numbered = frame.select(names).join(entities.with_row_index(NUMBER), on=names, how="left", maintain_order="left")
    numbers = numbered.get_column(NUMBER).cast(pl.Int64).fill_null(NOBODY).to_list()
    return numbers, [pack_key(entity) for entity in entities.rows()]


def _replaced(view: FeatureView, frame: pl.DataFrame) -> list[int]:
    """Give the place of the version before, of the same fact; a fact with a missing key has no versions."""
    which = identity(view.source.keys, view.entities)
    replaces = [NOTHING] * len(frame)
    if not which:
        return replaces
    placed = frame.select(*which).with_row_index(PLACE).drop_nulls()
    if placed.select(which).n_unique() < len(placed):
        before = pl.col(PLACE).shift(1).over(which)
        for place, old in placed.select(PLACE, before.alias(NUMBER)).drop_nulls().rows():
            replaces[place] = old
    return replaces
