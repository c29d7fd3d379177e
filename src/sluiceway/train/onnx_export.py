"""Export: a fitted estimator as ONNX, the same bytes each time. Importing it loads skl2onnx."""

from collections.abc import Sequence
from typing import Any

from onnx import ModelProto
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.core.errors import TrainingError
from sluiceway.plans.model_inputs import OUTPUT, input_name
from sluiceway.train.onnx_converters import register_converters

# Pinned: the newest that a library supports would change the bytes at its next release.
OPSET = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8
NAME = "sluiceway"


def to_onnx(estimator: Any, columns: Sequence[FeatureColumn]) -> bytes:
    """Export a fitted classifier: one input ``(rows, 1)`` per column, probabilities ``(rows, 2)`` as ``OUTPUT``.

    Nothing here proves that the export predicts the same: compare it with ``predict_proba``.

    Raises:
        TrainingError: the estimator has a part that has no equivalent in ONNX.
    """
    register_converters()
    try:
        model = convert_sklearn(
            _taking_columns(estimator, columns),
            name=NAME,
            initial_types=[(column.name, _input_type(column)) for column in columns],
            options={"zipmap": False},
            target_opset=OPSET,
        )
    except TrainingError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise TrainingError(
            f"{type(estimator).__name__} does not export to ONNX: {reason}; "
            "use estimators and transformers that skl2onnx or onnxmltools can convert"
        ) from error
    _name_ends(model, columns)
    return _stamped(model)


def _input_type(column: FeatureColumn) -> Any:
    return (StringTensorType if column.type == "text" else FloatTensorType)([None, 1])


def _taking_columns(estimator: Any, columns: Sequence[FeatureColumn]) -> Any:
    """Put a join before an estimator that expects one matrix; skl2onnx would hand it one input per column."""
    import polars as pl

    if isinstance(_first(estimator), ColumnTransformer) or any(column.type == "text" for column in columns):
        return estimator
    names = [column.name for column in columns]
    row = pl.DataFrame({name: [0.0] for name in names})
    join = ColumnTransformer([("join", "passthrough", names)]).fit(row)
    return Pipeline([("join", join), ("model", estimator)])


def _first(estimator: Any) -> Any:
    return _first(estimator.steps[0][1]) if isinstance(estimator, Pipeline) else estimator


def _name_ends(model: ModelProto, columns: Sequence[FeatureColumn]) -> None:
    """Undo skl2onnx's rewriting of columns such as ``label`` or ``a b``."""
    inputs = [value.name for value in model.graph.input]
    names = {old: input_name(column) for old, column in zip(inputs, columns, strict=True)}
    _rename(model, {**names, model.graph.output[-1].name: OUTPUT})


def _rename(model: ModelProto, names: dict[str, str]) -> None:
    for value in [*model.graph.input, *model.graph.output]:
        value.name = names.get(value.name, value.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def _stamped(model: ModelProto) -> bytes:
    """Replace what depends on the versions of tools or on the hashing of texts, and order the fields of maps."""
    opsets = sorted(model.opset_import, key=lambda opset: opset.domain)
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = NAME, ""
    model.domain, model.model_version, model.doc_string = NAME, 0, ""
    model.graph.doc_string = ""
    del model.metadata_props[:], model.opset_import[:]
    model.opset_import.extend(opsets)
    return bytes(model.SerializeToString(deterministic=True))
