"""Model rows: a request and what was looked up for it, as the columns that a model takes."""

from collections.abc import Mapping, Sequence

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.online.model_value import as_model_value
from sluiceway.online.request_features import RequestFeatures
from sluiceway.plans.packed_value import FeatureValue


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
        self._inputs = [(name, as_model_value(kinds[name])) for name in inputs]
        self._request = RequestFeatures(contract)

    def of(self, inputs: Mapping[str, object], looked_up: Mapping[str, FeatureValue]) -> dict[str, FeatureValue]:
        """Return the model's columns in their order, missing ones as ``None``.

        Args:
            inputs: A value for each of the contract's inputs: times aware and in UTC, numbers float, missing ``None``.
            looked_up: The features of the contract's views, as the online reader gives them.

        Raises:
            RequestError: a request feature cannot be computed of the inputs.
            KeyError: an input or a feature is absent.
        """
        values = {name: None if inputs[name] is None else taken(inputs[name]) for name, taken in self._inputs}
        values.update(looked_up)
        values.update(self._request.of(inputs))
        return {name: values[name] for name in self._names}
