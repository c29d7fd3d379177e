"""Derived values: a view's derived features, computed from its others one value after the other."""

from collections.abc import Mapping

from sluiceway.artifacts.table_ref import NUMERIC
from sluiceway.declare.expression_total import total
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.closure_nulls import strict_one
from sluiceway.plans.closure_texts import as_text
from sluiceway.plans.derived import derived_features, feature_kinds
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.request_closure import compile_tree
from sluiceway.plans.single_precision import as_single


class DerivedValues:
    """Completes a view's values. Safe to share between threads."""

    def __init__(self, view: FeatureView, kinds: Mapping[str, str]) -> None:
        """Compile the expressions.

        Args:
            view: Whose features.
            kinds: Each source column's kind.

        Raises:
            DeclarationError: an expression does not fit what it reads.
        """
        stored = feature_kinds(view, kinds)
        self._names = [name for feature in view.features for name in feature.names]
        self._compiled = []
        for feature in derived_features(view):
            if feature.computed is not None:
                closure, kind = compile_tree(total(feature.computed.tree), stored)
                self._compiled.append((feature.name, strict_one(as_single if kind in NUMERIC else as_text, closure)))

    def complete(self, others: Mapping[str, FeatureValue]) -> list[FeatureValue]:
        """Give all values in the view's order, given those that are not derived by their names in the view.

        One that cannot be computed is missing.
        """
        values = dict(others)
        is_known = any(value is not None for value in others.values())
        for name, closure in self._compiled:
            values[name] = closure(values) if is_known else None
        return [values[name] for name in self._names]
