"""Joined inputs: a model that takes all its numbers in one matrix, and all its texts in another.

An exported model has an input for each column, and handing one over costs ONNX Runtime half a microsecond: together
more than many a model computes. Most models begin by joining their columns; here they arrive joined, and a ``Gather``
puts them in order. A ``Split`` takes apart what else is asked for column by column. Both move values and compute
nothing, so that results stay the same to the bit.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.plans.model_inputs import input_name

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

NUMBERS, TEXTS = "joined:numbers", "joined:texts"
# Operators that treat each row by itself, in the same order whatever stands beside it. Matrix products are not among
# them, nor is what runs over many values at once: both round the last few of a block otherwise.
ROW_BY_ROW = frozenset({
    "ArrayFeatureExtractor", "Cast", "Concat", "FeatureVectorizer", "Gather", "Identity", "IsNaN", "LabelEncoder",
    "OneHotEncoder", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "TreeEnsemble", "TreeEnsembleClassifier",
    "TreeEnsembleRegressor", "Unsqueeze", "Where",
})  # fmt: skip
SIZES_ARE_AN_INPUT = 13
USUAL_OPSET = 18


@dataclass(frozen=True, slots=True)
class JoinedModel:
    """A model with the inputs ``NUMBERS`` and ``TEXTS``, each ``(rows, columns)``; one without columns is left out.

    ``numbers`` and ``texts`` name their columns in order. ``row_by_row`` tells that a row alone is computed to the
    same bits as among others.
    """

    onnx: bytes
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    row_by_row: bool


def join_inputs(onnx: bytes, columns: Sequence[FeatureColumn]) -> JoinedModel:
    """Join the inputs of a model.

    Raises:
        ValueError: the model's inputs are not the columns.
    """
    from onnx import TensorProto, helper, load_from_string

    model = load_from_string(onnx)
    names = {input_name(column): column.name for column in columns}
    given = {value.name for value in model.graph.input}
    if given != names.keys():
        apart = ", ".join(sorted(given ^ names.keys()))
        raise ValueError(f"the model's inputs are not the bundle's columns; they differ in {apart}")
    if not any(each.domain == "" for each in model.opset_import):
        model.opset_import.append(helper.make_opsetid("", USUAL_OPSET))
    del model.graph.input[:]
    numbers = _join(model, NUMBERS, [input_name(each) for each in columns if each.type != "text"], TensorProto.FLOAT)
    texts = _join(model, TEXTS, [input_name(each) for each in columns if each.type == "text"], TensorProto.STRING)
    return JoinedModel(
        bytes(model.SerializeToString()),
        tuple(names[each] for each in numbers),
        tuple(names[each] for each in texts),
        all(node.op_type in ROW_BY_ROW for node in model.graph.node),
    )


def _join(model: "ModelProto", name: str, parts: list[str], kind: int) -> list[str]:
    """Let one input stand for many, and return these in its order, that of the largest ``Concat`` of them."""
    from onnx import helper

    if not parts:
        return []
    graph = model.graph
    joins = [node for node in graph.node if _joins(node, set(parts))]
    largest = max(joins, key=lambda node: len(node.input), default=None)
    order = list(dict.fromkeys([*(largest.input if largest is not None else ()), *parts]))
    graph.input.append(helper.make_tensor_value_info(name, kind, [None, len(order)]))
    before = [_gathered(model, node, name, order) for node in joins]
    for node in joins:
        graph.node.remove(node)
    if not set(order).isdisjoint([*_taken(graph.node), *(value.name for value in graph.output)]):
        before.append(_split(model, name, order))
    for node in reversed(before):  # one by one: to write the list anew would copy every tree of a forest
        graph.node.insert(0, node)
    return order


def _joins(node: "NodeProto", parts: set[str]) -> bool:
    """Tell whether a node does nothing but set such columns side by side."""
    return (
        node.op_type == "Concat"
        and node.domain == ""
        and all(each.i in {1, -1} for each in node.attribute if each.name == "axis")
        and parts.issuperset(node.input)
    )


def _taken(nodes: Iterable["NodeProto"]) -> Iterator[str]:
    """Name all that nodes take, also from inside a branch or a loop."""
    for node in nodes:
        yield from node.input
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from _taken(graph.node)


def _gathered(model: "ModelProto", node: "NodeProto", name: str, order: list[str]) -> "NodeProto":
    from onnx import TensorProto, helper

    places = [order.index(each) for each in node.input]
    if places == list(range(len(order))):
        return helper.make_node("Identity", [name], node.output)
    chosen = f"{name}:{node.output[0]}"
    model.graph.initializer.append(helper.make_tensor(chosen, TensorProto.INT64, [len(places)], places))
    return helper.make_node("Gather", [name, chosen], node.output, axis=1)


def _split(model: "ModelProto", name: str, order: list[str]) -> "NodeProto":
    from onnx import TensorProto, helper

    sizes = [1] * len(order)
    if max(each.version for each in model.opset_import if each.domain == "") < SIZES_ARE_AN_INPUT:
        return helper.make_node("Split", [name], order, axis=1, split=sizes)
    model.graph.initializer.append(helper.make_tensor(f"{name}:sizes", TensorProto.INT64, [len(sizes)], sizes))
    return helper.make_node("Split", [name, f"{name}:sizes"], order, axis=1)
