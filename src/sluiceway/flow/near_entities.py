"""Near entities: those that are called nearly as one that nobody knows."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import pyarrow as pa

from sluiceway.artifacts.table_ref import TableRef
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.hidden_columns import hidden_columns
from sluiceway.flow.kit import Kit
from sluiceway.flow.newest_dataset import newest_dataset
from sluiceway.plans.nearest_texts import nearest_texts_sql

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


def _close(kit: Kit, ref: TableRef, name: str, value: str) -> list[str]:
    tables = {"source": kit.tables.read(ref, [name]), "asked": pa.table({"value": [value]})}
    there = {
        each.lower(): each for each in kit.engine.query(nearest_texts_sql(name, many=CANDIDATES), tables)[0].to_pylist()
    }
    return [there[each] for each in get_close_matches(value.lower(), there, n=NAMED, cutoff=ALIKE)]
