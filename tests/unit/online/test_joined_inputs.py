"""Joined inputs: the same function of the same columns, whatever the graph does with them first."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnxruntime import InferenceSession

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.online.joined_inputs import NUMBERS, TEXTS, join_inputs
from sluiceway.plans.model_inputs import OUTPUT, input_name

A, B, C = (FeatureColumn(name, "number", "input") for name in "abc")
T, U = (FeatureColumn(name, "text", "input") for name in "tu")
TYPES = {"number": TensorProto.FLOAT, "text": TensorProto.STRING}
a, b, c, t, u = (input_name(each) for each in (A, B, C, T, U))


def model(columns, nodes, *, opset=18, kind=TensorProto.FLOAT, domain=""):
    inputs = [helper.make_tensor_value_info(input_name(each), TYPES[each.type], [None, 1]) for each in columns]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info(OUTPUT, kind, [None, None])])
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid(domain, opset)], ir_version=8
    ).SerializeToString()


def asked(onnx_bytes, columns, values):
    """Ask a model as it was exported, and joined."""
    plain = {input_name(each): _array(each, values[each.name]) for each in columns}
    (before,) = InferenceSession(onnx_bytes).run([OUTPUT], plain)
    joined = join_inputs(onnx_bytes, columns)
    kinds = {each.name: each for each in columns}
    feeds = {
        name: np.hstack([_array(kinds[each], values[each]) for each in order])
        for name, order in ((NUMBERS, joined.numbers), (TEXTS, joined.texts))
        if order
    }
    (after,) = InferenceSession(joined.onnx).run([OUTPUT], feeds)
    assert after.tolist() == before.tolist()
    return joined, [node.op_type for node in onnx.load_from_string(joined.onnx).graph.node]


def _array(column, values):
    return np.array(values, dtype=object if column.type == "text" else np.float32).reshape(-1, 1)


VALUES = {"a": [1, 2], "b": [3, 4], "c": [5, 6], "t": ["x", ""], "u": ["y", "z"]}


def concat(names, to=OUTPUT, axis=1):
    return helper.make_node("Concat", names, [to], axis=axis)


def test_columns_that_are_joined_first_arrive_joined():
    joined, nodes = asked(model([A, B, C], [concat([a, b, c])]), [A, B, C], VALUES)
    assert (joined.numbers, joined.texts, nodes) == (("a", "b", "c"), (), ["Identity"])


def test_the_largest_join_gives_the_order_and_others_pick_from_it():
    nodes = [concat([c, a], "few"), concat([c, b, a], "all"), concat(["few", "all"])]
    joined, found = asked(model([A, B, C], nodes), [A, B, C], VALUES)
    assert joined.numbers == ("c", "b", "a")
    assert found == ["Gather", "Identity", "Concat"]


def test_a_column_joined_twice_stays_twice():
    joined, found = asked(model([A, B], [concat([b, a, b])]), [A, B], VALUES)
    assert (joined.numbers, found) == (("b", "a"), ["Gather"])


def test_columns_that_are_asked_for_one_by_one_are_split_off():
    nodes = [concat([a, b], "two"), helper.make_node("Neg", [c], ["minus"]), concat(["two", "minus"])]
    joined, found = asked(model([A, B, C], nodes), [A, B, C], VALUES)
    assert joined.numbers == ("a", "b", "c")
    assert found[:2] == ["Gather", "Split"]


@pytest.mark.parametrize("opset", [11, 12, 13, 18])
def test_splits_are_written_as_their_opset_has_them(opset):
    nodes = [helper.make_node("Neg", [a], ["minus"]), concat(["minus", b])]
    _, found = asked(model([A, B], nodes, opset=opset), [A, B], VALUES)
    assert found[0] == "Split"


def test_texts_are_joined_apart_from_numbers():
    nodes = [helper.make_node("Cast", [a], ["text"], to=TensorProto.STRING), concat([u, t, "text"])]
    joined, _ = asked(model([A, T, U], nodes, kind=TensorProto.STRING), [A, T, U], VALUES)
    assert (joined.numbers, joined.texts) == (("a",), ("t", "u"))


def test_a_join_down_the_rows_is_left_alone():
    _, found = asked(model([A, B], [concat([a, b], axis=0)]), [A, B], VALUES)
    assert found == ["Split", "Concat"]


def test_a_column_that_only_a_branch_takes_is_split_off_too():
    result = helper.make_tensor_value_info("r", TensorProto.FLOAT, None)
    then = helper.make_graph([helper.make_node("Neg", [b], ["r"])], "then", [], [result])
    other = helper.make_graph([helper.make_node("Identity", [a], ["r"])], "other", [], [result])
    nodes = [
        helper.make_node("ReduceMax", [a], ["most"], keepdims=0),
        helper.make_node("Constant", [], ["one"], value=helper.make_tensor("v", TensorProto.FLOAT, [], [1.0])),
        helper.make_node("Greater", ["most", "one"], ["is"]),
        helper.make_node("If", ["is"], [OUTPUT], then_branch=then, else_branch=other),
    ]
    _, found = asked(model([A, B], nodes), [A, B], VALUES)
    assert found[0] == "Split"


def test_a_model_that_hands_a_column_through_still_does():
    data = model([A, B], [concat([a, b])])
    loaded = onnx.load_from_string(data)
    loaded.graph.output.append(helper.make_tensor_value_info(b, TensorProto.FLOAT, [None, 1]))
    joined = join_inputs(loaded.SerializeToString(), [A, B])
    _, handed = InferenceSession(joined.onnx).run(None, {NUMBERS: np.array([[1, 2]], np.float32)})
    assert handed.tolist() == [[2.0]]


def test_a_model_of_another_domain_alone_gets_what_the_split_needs():
    node = helper.make_node("Scaler", [a], [OUTPUT], domain="ai.onnx.ml", offset=[1.0], scale=[2.0])
    _, found = asked(model([A], [node], opset=3, domain="ai.onnx.ml"), [A], VALUES)
    assert found == ["Split", "Scaler"]


def test_inputs_that_are_not_the_columns_are_refused():
    with pytest.raises(ValueError, match="differ in column:b, column:c"):
        join_inputs(model([A, B], [concat([a, b])]), [A, C])
