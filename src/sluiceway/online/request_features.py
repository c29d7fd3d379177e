"""Request features: what is computed from a request and what was looked up for it, rounded as training had it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sluiceway.artifacts.serving_contract import Field, RequestFeature, ServingContract
from sluiceway.core.errors import RequestError
from sluiceway.declare.expression_kind import children, column_named
from sluiceway.declare.expression_total import total
from sluiceway.declare.expression_tree import Tree
from sluiceway.online.model_value import as_model_value
from sluiceway.plans.closure_nulls import Closure, strict_one
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.request_closure import UNCOMPUTABLE, compile_tree


class _Compiled(NamedTuple):
    feature: RequestFeature
    columns: tuple[str, ...]
    closure: Closure


class RequestFeatures:
    """Computes a contract's request features. Safe to share between threads."""

    def __init__(self, contract: ServingContract) -> None:
        """Compile the expressions.

        Raises:
            DeclarationError: one does not fit the contract's inputs.
        """
        kinds = {field.name: field.kind for field in contract.inputs}
        self._compiled = [_compiled(feature, kinds) for feature in contract.request]

    def of(self, inputs: Mapping[str, object], looked_up: Mapping[str, FeatureValue]) -> dict[str, FeatureValue]:
        """Compute every feature, each from what it reads; one that cannot be computed is missing.

        Args:
            inputs: Typed inputs: times aware and in UTC, numbers float, missing ``None``.
            looked_up: The features of the contract's views.

        Raises:
            RequestError: the request lacks an input.
            KeyError: a view's feature is absent.
        """
        found: dict[str, FeatureValue] = {}
        for feature, columns, closure in self._compiled:
            row = _with_read(inputs, feature.reads, found, looked_up) if feature.reads else inputs
            try:
                found[feature.name] = closure(row)
            except (KeyError, *UNCOMPUTABLE) as error:
                raise _refusal(feature, columns, row, error) from error
        return found


def _with_read(
    inputs: Mapping[str, object],
    reads: Sequence[Field],
    found: Mapping[str, FeatureValue],
    looked_up: Mapping[str, FeatureValue],
) -> Mapping[str, object]:
    read = {field.name: (found if field.name in found else looked_up)[field.name] for field in reads}
    return {**inputs, **read}


def _compiled(feature: RequestFeature, kinds: Mapping[str, str]) -> _Compiled:
    kinds = {**{field.name: field.kind for field in feature.reads}, **kinds}
    closure, kind = compile_tree(total(feature.tree), kinds)
    columns = tuple(dict.fromkeys(column_named(name, kinds) for name in _columns_in(feature.tree)))
    return _Compiled(feature, columns, strict_one(as_model_value(kind), closure))


def _columns_in(tree: Tree) -> Iterator[str]:
    if tree[0] == "column":
        yield tree[1]
    for child in children(tree):
        yield from _columns_in(child)


def _refusal(
    feature: RequestFeature, columns: tuple[str, ...], inputs: Mapping[str, object], error: Exception
) -> RequestError:
    values = {name: inputs[name] for name in columns if name in inputs}
    absent = [name for name in columns if name not in inputs]
    reason = f"the request lacks {', '.join(absent)}" if absent else str(error) or type(error).__name__
    return RequestError(feature.name, feature.text, values, reason)
