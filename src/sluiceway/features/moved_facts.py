"""Moved facts: those of which a correction changes the entity, so that their versions lie with several."""

import polars as pl

from sluiceway.declare.feature_view import FeatureView


def may_move(view: FeatureView) -> bool:
    """Tell whether facts can move at all: not without a key, nor where the key is a part of the entity."""
    return bool(view.source.keys) and not set(view.source.keys) <= set(view.entities)


def key_and_entity(view: FeatureView) -> list[str]:
    """Name the columns by which moved facts are found."""
    return list(dict.fromkeys([*view.source.keys, *view.entities]))


def keys_that_move(view: FeatureView, rows: pl.DataFrame) -> pl.DataFrame:
    """List the keys under which facts have more than one entity.

    Args:
        view: Whose source's keys and entities these are.
        rows: The columns of ``key_and_entity``, of all rows under some of the keys.
    """
    keys = list(view.source.keys)
    pairs = rows.drop_nulls(keys).unique()
    return pairs.group_by(keys).len().filter(pl.col("len") > 1).select(keys)
