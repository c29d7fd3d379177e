"""Models that behave, and models that do not: small ONNX graphs with the bundles to serve them.

Every model here takes one text, ``carrier``, and one number, ``distance``, which a caller gives, and ``wind``, which is
looked up by ``origin``. ``made`` wraps any of them in a bundle, and
``shelved`` puts both where servers find them::

    bundle = made(logistic(slope=0.1))
    served = shelved(objects, logistic(), version="v1")
"""

from collections.abc import Sequence
from dataclasses import replace

import onnx
from onnx import TensorProto, helper

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.rollout_state import Served
from sluiceway.artifacts.serving_contract import Field, ServedView, ServingContract
from sluiceway.core.digest import sha256_hex
from sluiceway.plans.model_inputs import OUTPUT, input_name
from sluiceway.server.shelf import shelve

COLUMNS = (
    FeatureColumn("carrier", "text", "input"),
    FeatureColumn("distance", "number", "input"),
    FeatureColumn("origin_weather__latest_wind", "number", "view"),
)
WIND = ServedView("origin_weather", "d" * 64, ("origin",), ("origin_weather__latest_wind",))
CONTRACT = ServingContract(
    inputs=(
        Field("carrier", "text"),
        Field("origin", "text"),
        Field("distance", "number"),
        Field("scheduled_departure", "time"),
        Field("seats", "integer"),
        Field("international", "boolean"),
    ),
    key=(Field("flight_id", "text"),),
    views=(WIND,),
    request=(),
)
OPSET = helper.make_opsetid("", 18)
TRAINED_THRESHOLD = 0.5


def row(**values: object) -> dict[str, object]:
    """A request that every model here takes."""
    usual: dict[str, object] = {
        "carrier": "AA",
        "origin": "EWR",
        "distance": 500.0,
        "scheduled_departure": "2013-09-01T08:00:00Z",
        "seats": 150,
        "international": False,
    }
    return usual | values


# ---- models, as bytes


def constant(probability: float = 0.25, columns: Sequence[FeatureColumn] = COLUMNS) -> bytes:
    """Always the same probability; NaN, infinity or 7 too. Of the columns it needs none but ``distance``."""
    return _model([], [_number("p", probability), *_like_rows("p")], columns)


def logistic(*, slope: float = 0.001, intercept: float = -0.5, column: str = "distance") -> bytes:
    """Rise with a column; a missing value counts as 0."""
    return _model([], _logistic(slope, intercept, column))


def flipped(*, slope: float = 0.001, intercept: float = -0.5, column: str = "distance") -> bytes:
    """Say the contrary of ``logistic``: one minus its probability."""
    return _model([], _logistic(-slope, -intercept, column))


def nan_where_above(limit: float, column: str = "distance") -> bytes:
    """Be ``logistic`` up to a limit, and NaN where a column lies above it."""
    nodes = [
        *_logistic(0.001, -0.5, column, to="usual"),
        _number("limit", limit),
        _number("nan", float("nan")),
        helper.make_node("Greater", [_input(column), "limit"], ["above"]),
        helper.make_node("Where", ["above", "nan", "usual"], ["p_rows"]),
    ]
    return _model([], nodes)


def raising_where_above(
    limit: float, *, slope: float = 0.001, intercept: float = -0.5, column: str = "distance"
) -> bytes:
    """Be ``logistic`` up to a limit, and fail (an index out of range) where a column lies above it."""
    table = helper.make_tensor("table", TensorProto.FLOAT, [1], [0.0])
    nodes = [
        *_logistic(slope, intercept, column, to="usual"),
        _number("limit", limit),
        helper.make_node("Greater", [_input(column), "limit"], ["above"]),
        helper.make_node("Cast", ["above"], ["place"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "place"], ["nothing"], axis=0),
        helper.make_node("Add", ["usual", "nothing"], ["p_rows"]),
    ]
    return _model([table], nodes)


def slow(times: int = 200, *, slope: float = 0.001, intercept: float = -0.5, column: str = "distance") -> bytes:
    """Be ``logistic`` after a detour: so many products of 64 x 64 matrices, a few microseconds each."""
    size = 64
    still = helper.make_tensor("still", TensorProto.FLOAT, [size, size], [1.0 / size] * size * size)
    trips = helper.make_tensor("trips", TensorProto.INT64, [], [times])
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_in"], ["go_out"]),
            helper.make_node("MatMul", ["carried_in", "still"], ["carried_out"]),
        ],
        "detour",
        [
            helper.make_tensor_value_info("trip", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_in", TensorProto.BOOL, []),
            helper.make_tensor_value_info("carried_in", TensorProto.FLOAT, [size, size]),
        ],
        [
            helper.make_tensor_value_info("go_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("carried_out", TensorProto.FLOAT, [size, size]),
        ],
    )
    nodes = [
        *_logistic(slope, intercept, column, to="usual"),
        # what the detour starts from depends on the row, so that it cannot be computed beforehand
        helper.make_node("ReduceMax", ["usual"], ["largest"], keepdims=0),
        helper.make_node("Mul", ["still", "largest"], ["start"]),
        helper.make_node("Loop", ["trips", "", "start"], ["end"], body=body),
        helper.make_node("ReduceMin", ["end"], ["least"], keepdims=0),
        _number("none", 0.0),
        helper.make_node("Mul", ["least", "none"], ["nothing"]),
        helper.make_node("Add", ["usual", "nothing"], ["p_rows"]),
    ]
    return _model([still, trips], nodes)


# ---- bundles of them


def made(
    model: bytes,
    *,
    role: str = "model",
    threshold: float = TRAINED_THRESHOLD,
    contract: ServingContract = CONTRACT,
    columns: tuple[FeatureColumn, ...] = COLUMNS,
) -> ModelBundle:
    """Wrap a model; its bytes belong in an object store under ``bundle.onnx``, as ``shelved`` puts them."""
    digest = sha256_hex(model)
    return ModelBundle(
        name="late",
        role=role,
        onnx=f"models/{digest}.onnx",
        onnx_sha256=digest,
        size_bytes=len(model),
        columns=columns,
        threshold=threshold,
        views={view.name: view.digest for view in contract.views},
        params={},
        trials=(),
        feature_set="f" * 64,
        dataset="a" * 64,
        train_rows=1000,
        seed=0,
        contract=contract,
    )


def shelved(objects: object, model: bytes, version: str = "v1", **bundle: object) -> Served:
    """Put a model and its bundle where servers find them."""
    wrapped = made(model, **bundle)
    objects.put(wrapped.onnx, model)
    return shelve(wrapped, version, objects)


def other_contract(**changes: object) -> ServingContract:
    """Change the contract: a field more, a field less."""
    return replace(CONTRACT, **changes)


# ---- pieces of graphs


def _input(column: str) -> str:
    return input_name(next(each for each in COLUMNS if each.name == column))


def _number(name: str, value: float) -> onnx.NodeProto:
    tensor = helper.make_tensor(f"{name}:value", TensorProto.FLOAT, [1, 1], [value])
    return helper.make_node("Constant", [], [name], value=tensor)


def _like_rows(name: str) -> list[onnx.NodeProto]:
    """Repeat a number for each row."""
    return [
        helper.make_node("Shape", [_input("distance")], ["size"]),
        helper.make_node("Expand", [name, "size"], ["p_rows"]),
    ]


def _logistic(slope: float, intercept: float, column: str, to: str = "p_rows") -> list[onnx.NodeProto]:
    return [
        _number("zero", 0.0),
        _number("slope", slope),
        _number("intercept", intercept),
        helper.make_node("IsNaN", [_input(column)], ["missing"]),
        helper.make_node("Where", ["missing", "zero", _input(column)], ["filled"]),
        helper.make_node("Mul", ["filled", "slope"], ["scaled"]),
        helper.make_node("Add", ["scaled", "intercept"], ["score"]),
        helper.make_node("Sigmoid", ["score"], [to]),
    ]


def _model(
    tables: Sequence[onnx.TensorProto], nodes: Sequence[onnx.NodeProto], columns: Sequence[FeatureColumn] = COLUMNS
) -> bytes:
    """Finish a graph that gives ``p_rows``, shape ``(rows, 1)``: two classes a row."""
    nodes = [
        *nodes,
        _number("whole", 1.0),
        helper.make_node("Sub", ["whole", "p_rows"], ["p_other"]),
        helper.make_node("Concat", ["p_other", "p_rows"], [OUTPUT], axis=1),
    ]
    kinds = {"text": TensorProto.STRING, "number": TensorProto.FLOAT}
    inputs = [helper.make_tensor_value_info(input_name(each), kinds[each.type], [None, 1]) for each in columns]
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None, 2])
    graph = helper.make_graph(nodes, "late", inputs, [output], list(tables))
    model = helper.make_model(graph, opset_imports=[OPSET], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
