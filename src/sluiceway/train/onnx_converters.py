"""Converters to ONNX that skl2onnx lacks, or that would change what a model predicts."""

from collections.abc import Callable
from typing import Any

from lightgbm import LGBMClassifier
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from skl2onnx import update_registered_converter
from skl2onnx.common._apply_operation import apply_cast
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes as classifier_shapes
from skl2onnx.proto import onnx_proto
from sklearn.ensemble import HistGradientBoostingClassifier

from sluiceway.core.errors import TrainingError
from sluiceway.declare.float32 import Float32
from sluiceway.train.float32_floor import float32_floor
from sluiceway.train.missing_flags import MissingFlags

Converter = Callable[..., None]

FLOAT = onnx_proto.TensorProto.FLOAT
TRACKS = "nodes_missing_value_tracks_true"
CLASSES = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
RAW = {**CLASSES, "raw_scores": [True, False]}


def register_converters() -> None:
    """Teach skl2onnx what follows; harmless to repeat."""
    for kind, shape, convert, options in CONVERTERS:
        update_registered_converter(kind, f"Sluiceway{kind.__name__}", shape, convert, options=options)


def _repaired(convert: Converter) -> Converter:
    """Run a converter of trees with its output repaired, the last place where thresholds are still float64.

    skl2onnx 1.20 also writes booleans into HistGradientBoosting's trees, which onnx 1.23 refuses.
    """

    def run(scope: Any, operator: Any, container: Any) -> None:
        add_node = container.add_node

        def add(*args: Any, **attributes: Any) -> None:
            if len(attributes.get("nodes_values", ())):
                attributes["nodes_values"] = float32_floor(attributes["nodes_values"])
            if TRACKS in attributes:
                attributes[TRACKS] = [int(track) for track in attributes[TRACKS]]
            add_node(*args, **attributes)

        container.add_node = add
        try:
            convert(scope, operator, container)
        finally:
            del container.add_node

    return run


def _convert_lightgbm(scope: Any, operator: Any, container: Any) -> None:
    _refuse(operator.raw_operator)
    _repaired(convert_lightgbm)(scope, operator, container)


def _refuse(model: Any) -> None:
    """Refuse options that onnxmltools ignores instead of rejecting them."""
    params = {**model.get_params(), **model.booster_.params}
    if "rf" in {params.get("boosting_type"), params.get("boosting")}:
        raise TrainingError("LightGBM's boosting 'rf' exports to ONNX as another model; use 'gbdt'")
    for name in ("linear_tree", "zero_as_missing"):
        if params.get(name):
            raise TrainingError(f"LightGBM's {name} has no equivalent in ONNX; leave it out")
    if params.get("sigmoid", 1.0) != 1.0:
        raise TrainingError(f"LightGBM's sigmoid={params['sigmoid']} has no equivalent in ONNX; leave it at 1")
    if "multiclassova" in str(model.booster_.dump_model(num_iteration=1).get("objective")):
        raise TrainingError("LightGBM's objective 'multiclassova' exports to ONNX as softmax; use 'binary'")


def _same_shape(operator: Any) -> None:
    operator.outputs[0].type = FloatTensorType(operator.inputs[0].type.shape)


def _convert_float32(scope: Any, operator: Any, container: Any) -> None:
    source, made = operator.inputs[0].full_name, operator.outputs[0].full_name
    apply_cast(scope, source, made, container, to=FLOAT)


def _convert_missing_flags(scope: Any, operator: Any, container: Any) -> None:
    source, made = operator.inputs[0].full_name, operator.outputs[0].full_name
    flags = scope.get_unique_variable_name("flags")
    container.add_node("IsNaN", [source], [flags], name=scope.get_unique_operator_name("IsNaN"))
    apply_cast(scope, flags, made, container, to=FLOAT)


_histogram_classifier = _repaired(get_converter("SklearnHistGradientBoostingClassifier"))

CONVERTERS: tuple[tuple[type, Converter, Converter, dict[str, Any] | None], ...] = (
    (LGBMClassifier, classifier_shapes, _convert_lightgbm, CLASSES),
    (HistGradientBoostingClassifier, classifier_shapes, _histogram_classifier, RAW),
    (Float32, _same_shape, _convert_float32, None),
    (MissingFlags, _same_shape, _convert_missing_flags, None),
)
