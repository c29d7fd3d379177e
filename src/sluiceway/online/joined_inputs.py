"""Joined inputs: a model that takes all its numbers in one matrix, and all its texts in another.

An exported model has an input for each column, and handing one over costs ONNX Runtime half a microsecond: together
more than many a model computes. A ``Split`` in front of the same graph takes the columns apart again; it moves values
and computes nothing, so that results stay the same to the bit.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.plans.model_inputs import input_name

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

NUMBERS, TEXTS = "joined:numbers", "joined:texts"
SIZES_ARE_AN_INPUT = 13


def join_inputs(onnx: bytes, columns: Sequence[FeatureColumn]) -> bytes:
    """Return the model with two inputs, ``NUMBERS`` and ``TEXTS``, each ``(rows, columns)``; an empty one is left out.

    Raises:
        ValueError: the model's inputs are not the columns.
    """
    from onnx import TensorProto, load_from_string

    model = load_from_string(onnx)
    given = {value.name for value in model.graph.input}
    wanted = {input_name(column) for column in columns}
    if given != wanted:
        raise ValueError(f"the model's inputs are not the bundle's columns; they differ in {sorted(given ^ wanted)}")
    del model.graph.input[:]
    numbers = [input_name(column) for column in columns if column.type != "text"]
    texts = [input_name(column) for column in columns if column.type == "text"]
    before = [
        *_apart(model, NUMBERS, numbers, TensorProto.FLOAT),
        *_apart(model, TEXTS, texts, TensorProto.STRING),
    ]
    after = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*before, *after])
    return bytes(model.SerializeToString())


def _apart(model: "ModelProto", name: str, parts: list[str], kind: int) -> "list[NodeProto]":
    """Add an input, and say how it comes apart."""
    from onnx import TensorProto, helper

    if not parts:
        return []
    model.graph.input.append(helper.make_tensor_value_info(name, kind, [None, len(parts)]))
    sizes = [1] * len(parts)
    if _opset(model) < SIZES_ARE_AN_INPUT:
        return [helper.make_node("Split", [name], parts, axis=1, split=sizes)]
    model.graph.initializer.append(helper.make_tensor(f"{name}:sizes", TensorProto.INT64, [len(parts)], sizes))
    return [helper.make_node("Split", [name, f"{name}:sizes"], parts, axis=1)]


def _opset(model: "ModelProto") -> int:
    return max((each.version for each in model.opset_import if each.domain in {"", "ai.onnx"}), default=1)
