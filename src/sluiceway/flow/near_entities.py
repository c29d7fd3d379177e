"""Near entities: those that are called nearly as one that nobody knows, and since when one is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import pyarrow as pa

from sluiceway.artifacts.table_ref import TableRef
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.hidden_columns import hidden_columns
from sluiceway.flow.kit import Kit
from sluiceway.flow.newest_dataset import newest_dataset
from sluiceway.plans.nearest_texts import nearest_texts_sql

if TYPE_CHECKING:
    from sluiceway.features.point_in_time import Facts

EVER = 2**62
MOST_ROWS = 4_000_000  # of a source that is looked through for a hint
CANDIDATES, NAMED, ALIKE = 20, 2, 0.5  # how alike the first of them must be, from 0 to 1


def near_entities(kit: Kit, views: Sequence[FeatureView], keys: Mapping[str, object]) -> list[str]:
    """Name values of text columns that are close to those asked for, as ``column=value``, two at most.

    Sensitive columns are not looked into, nor are sources of more than ``MOST_ROWS`` rows.
    """
    dataset, hidden, found = newest_dataset(kit), hidden_columns(kit), dict[str, None]()
    for view in views:
        ref = dataset.table(view.source.name)
        for name in view.entities if ref.rows <= MOST_ROWS else ():
            value = keys[name]
            if isinstance(value, str) and name.lower() not in hidden(view.source.name):
                found |= dict.fromkeys(f"{name}={each}" for each in _close(kit, ref, name, value))
    return list(found)[:NAMED]


def first_known(facts: "Facts", views: Sequence[FeatureView], keys: Mapping[str, object]) -> int | None:
    """Tell when the first fact about an entity became known (microseconds), whatever the cutoff.

    Sources of more than ``MOST_ROWS`` rows are not looked through.
    """
    from sluiceway.features.history import known_from_until

    whole = replace(facts, cutoff=EVER)
    looked_at = [view for view in views if facts.dataset.table(view.source.name).rows <= MOST_ROWS]
    found = [known_from_until(whole, view, keys)[0] for view in looked_at]
    return min((each for each in found if each is not None), default=None)


def _close(kit: Kit, ref: TableRef, name: str, value: str) -> list[str]:
    tables = {"source": kit.tables.read(ref, [name]), "asked": pa.table({"value": [value]})}
    there = {
        each.lower(): each for each in kit.engine.query(nearest_texts_sql(name, many=CANDIDATES), tables)[0].to_pylist()
    }
    return [there[each] for each in get_close_matches(value.lower(), there, n=NAMED, cutoff=ALIKE)]
