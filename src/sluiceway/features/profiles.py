"""Profiles of features: shares of values that are there, examples of them, and how fresh their views are."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.artifacts.feature_profile import Example, FeatureProfile, ViewFreshness
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.held_tables import TableReader
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.moments_sql import moment_of
from sluiceway.plans.snapshot import window_end
from sluiceway.plans.window_groups import window_features

TEXTS = 3


def feature_profiles(
    columns: Sequence[FeatureColumn],
    training: TableRef,
    tables: TableReader,
    online: Mapping[str, float | None],
    *,
    hidden: Collection[str],
) -> dict[str, FeatureProfile]:
    """Profile every feature that is no input.

    Args:
        columns: The model's columns.
        training: The training rows, which are read column by column.
        tables: Where they lie.
        online: Of the views' features, the share of the store's entities that have a value.
        hidden: Columns of which no example may be shown.
    """
    found = {}
    for column in columns:
        if column.origin != "input":
            values = pl.Series(values=tables.read(training, [column.name]).column(0))
            examples = () if column.name in hidden else _examples(values)
            found[column.name] = FeatureProfile(present(values), online.get(column.name), examples)
    return found


def shares(view: FeatureView, snapshot: pa.Table) -> dict[str, float | None]:
    """Tell which share of a snapshot's entities has a value of each of a view's features."""
    return {name: present(pl.Series(values=snapshot[name])) for name in view.columns}


def freshness(facts: Facts, view: FeatureView, *, entities: int, features: pa.Table) -> ViewFreshness:
    """Tell how fresh a view is at the cutoff.

    Args:
        facts: The sources.
        view: Which view.
        entities: How many the store holds.
        features: The view's features for the training rows.
    """
    times = facts.whole(view.source.name, [EVENT_TIME, KNOWN_TIME])
    known = f"WHERE epoch_us({KNOWN_TIME}) <= {facts.cutoff} AND {EVENT_TIME} IS NOT NULL"
    newest = facts.ask(f"SELECT max({EVENT_TIME}), max({KNOWN_TIME}) FROM source {known}", source=times)
    event, told = (column[0].as_py() for column in newest.columns)
    through = window_end(view, facts.cutoff) if window_features(view) else facts.cutoff
    return ViewFreshness(entities, _any_present(view, features), event, told, moment_of(through))


def present(values: pl.Series) -> float | None:
    """Tell the share of values that are there."""
    values = values.fill_nan(None) if values.dtype.is_float() else values
    return None if not len(values) else 1 - values.null_count() / len(values)


def _any_present(view: FeatureView, features: pa.Table) -> float | None:
    if not features.num_rows:
        return None
    rows = pl.DataFrame(pl.from_arrow(features.select(list(view.columns))))
    there = rows.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    return float(there.sum()) / len(there)


def _examples(values: pl.Series) -> tuple[Example, ...]:
    there = values.drop_nulls()
    if there.dtype.is_numeric():
        numbers = there.cast(pl.Float64).drop_nans().sort()
        places = sorted({0, len(numbers) // 2, len(numbers) - 1}) if len(numbers) else []
        return tuple(dict.fromkeys(float(numbers[place]) for place in places))
    counted = there.cast(pl.String).value_counts(name="rows").sort(["rows", there.name], descending=[True, False])
    return tuple(counted[there.name].head(TEXTS).to_list())
