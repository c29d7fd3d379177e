"""Served values: an entity's features in one view, packed as they are read."""

from collections.abc import Mapping, Sequence

from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.corrections import fact_columns
from sluiceway.plans.derived_values import DerivedValues
from sluiceway.plans.latest import latest_features
from sluiceway.plans.number_lists import numbers_of
from sluiceway.plans.packed_value import BEFORE_ALL, FeatureValue, PackedValue, pack_value
from sluiceway.plans.single_precision import as_single
from sluiceway.plans.snapshot import window_step
from sluiceway.plans.window_groups import window_features
from sluiceway.streams.entity_panes import EntityPanes
from sluiceway.streams.fact_order import Fact


class ServedValue:
    """Packs values as ``features.materialise`` does, for one view."""

    def __init__(self, view: FeatureView, kinds: Mapping[str, str], panes: EntityPanes | None) -> None:
        columns = fact_columns(view)
        self._panes = panes
        self._has_windows, self._step = bool(window_features(view)), window_step(view)
        self._derived, self._has_derived = DerivedValues(view, kinds), any(each.is_derived for each in view.features)
        self._latest = [
            (
                [view.columns.index(name) for name in view.columns_of(feature)],
                columns.index(str(feature.column)),
                kinds[str(feature.column)],
                feature.size,
            )
            for feature in latest_features(view)
        ]
        self._names = [(name, feature.is_derived) for feature in view.features for name in feature.names]

    def pack(self, entity: bytes, newest: Fact | None, *, only_fresh: bool, watermark: int, now: int) -> bytes:
        """Pack what is served of an entity.

        Args:
            entity: Whose panes to take.
            newest: Its newest fact, ``None`` where it has none or latest features are not asked for.
            only_fresh: Whether windows that end with a pane know nothing of it yet.
            watermark: What time it is.
            now: When it is written; both in microseconds.
        """
        features: list[FeatureValue] = [None] * len(self._names)
        if self._panes is not None:
            self._panes.fill(entity, features, only_fresh=only_fresh)
        if newest is not None:
            for places, column, kind, size in self._latest:
                for place, value in zip(places, _served(newest.values[column], kind, size), strict=True):
                    features[place] = value
        end = watermark // self._step * self._step
        bare = BEFORE_ALL if self._latest else end
        stamp = (bare, bare) if newest is None else (newest.event, newest.known)
        through = end if self._has_windows else watermark
        return pack_value(PackedValue(*stamp, through, now, self._complete(features)))

    def _complete(self, features: list[FeatureValue]) -> list[FeatureValue]:
        """Compute the derived features."""
        if not self._has_derived:
            return features
        named = zip(self._names, features, strict=True)
        return self._derived.complete({name: value for (name, is_derived), value in named if not is_derived})


def _served(value: object, kind: str, size: int | None) -> Sequence[FeatureValue]:
    """Give the values of a latest feature as ``plans.latest.latest_values`` does."""
    if value is None:
        return [None] * (size or 1)
    if size is not None:
        return numbers_of(value, size)
    if kind in {"integer", "number"}:
        return [as_single(value)]  # type: ignore[arg-type]
    return [str(value).lower() if kind == "boolean" else str(value)]
