"""Latest values: what an entity's newest fact says, as it is served."""

from collections.abc import Iterator, Mapping, Sequence

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.number_lists import numbers_of
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.single_precision import as_single
from sluiceway.streams.fact_order import Fact


def latest_values(
    view: FeatureView, newest: Fact, *, columns: Sequence[str], kinds: Mapping[str, str]
) -> Iterator[tuple[str, FeatureValue]]:
    """Give the columns of a view's latest features with their values.

    Args:
        view: The view.
        newest: The entity's newest fact.
        columns: Those of the fact's values.
        kinds: The kind of each column.
    """
    for feature in view.features:
        if feature.is_latest:
            value = newest.values[columns.index(str(feature.column))]
            served = _served(value, kinds[str(feature.column)], feature.size)
            yield from zip(view.columns_of(feature), served, strict=True)


def _served(value: object, kind: str, size: int | None) -> Sequence[FeatureValue]:
    """Give the values of a latest feature as ``plans.latest.latest_values`` does."""
    if value is None:
        return [None] * (size or 1)
    if size is not None:
        return numbers_of(str(value), size)
    if kind in {"integer", "number"}:
        return [as_single(value)]  # type: ignore[arg-type]
    return [str(value).lower() if kind == "boolean" else str(value)]
