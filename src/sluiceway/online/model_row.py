"""Model rows: a request and what was looked up for it, as the columns that a model takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.online.model_value import as_model_value
from sluiceway.online.request_features import RequestFeatures
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.single_precision import singles_of


class ModelRow:
    """Makes a model's rows. Safe to share between threads."""

    def __init__(self, columns: Sequence[FeatureColumn], contract: ServingContract) -> None:
        """Take a bundle's columns and contract.

        Raises:
            DeclarationError: an expression does not fit the contract's inputs.
        """
        kinds = {field.name: field.kind for field in contract.inputs}
        self._names = tuple(column.name for column in columns)
        inputs = [column.name for column in columns if column.origin == "input"]
        self._numbers = tuple(name for name in inputs if kinds[name] == "number")
        self._singles = singles_of(len(self._numbers))
        self._others = [(name, as_model_value(kinds[name])) for name in inputs if kinds[name] != "number"]
        self._request = RequestFeatures(contract)
        looked_up = [name for view in contract.views for name in view.columns]
        made = (*self._numbers, *(name for name, _ in self._others), *looked_up, *(f.name for f in contract.request))
        self._is_in_order = made == self._names

    def of(self, inputs: Mapping[str, object], looked_up: Mapping[str, FeatureValue]) -> dict[str, FeatureValue]:
        """Return the model's columns in their order, missing ones as ``None``.

        Args:
            inputs: A value for each of the contract's inputs: times aware and in UTC, numbers float, missing ``None``.
            looked_up: The features of the contract's views, as the online reader gives them.

        Raises:
            RequestError: the inputs lack what a request feature is computed of.
            KeyError: an input or a feature is absent.
        """
        numbers: Any = [inputs[name] for name in self._numbers]
        values: dict[str, FeatureValue] = dict(zip(self._numbers, self._singles(numbers), strict=True))
        for name, taken in self._others:
            values[name] = None if inputs[name] is None else taken(inputs[name])
        values.update(looked_up)
        values.update(self._request.of(inputs, looked_up))
        if self._is_in_order and len(values) == len(self._names):
            return values
        return {name: values[name] for name in self._names}
