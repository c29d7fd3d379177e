"""The predictor: probabilities from an exported model, for one row at once and for many."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.core.errors import DamagedError
from sluiceway.online.joined_inputs import NUMBERS, TEXTS, join_inputs
from sluiceway.plans.model_inputs import OUTPUT
from sluiceway.plans.packed_value import FeatureValue

FATAL_ONLY = 4  # a model that fails raises, and whoever asked says so
# As in training: sums of float32 shares may pass 1 by this much.
ROUNDING = 1e-5
POSITIVE = 1


class Predictor:
    """Asks a bundle's model. Safe to share between threads.

    One thread computes, so that each row is summed in one order: a row's probability is the same to the bit, asked
    alone, among others, or by training. What the model gives outside 0 to 1 is returned as it is, for the caller to
    judge; a model that fails raises what ONNX Runtime raises.
    """

    def __init__(self, bundle: ModelBundle, onnx: bytes) -> None:
        """Load the model.

        Raises:
            DamagedError: the bytes are no model that takes the bundle's columns.
        """
        try:
            joined = join_inputs(onnx, bundle.columns)
            self._session = _session(joined.onnx)
        except Exception as error:
            raise DamagedError(
                f"the model of bundle {bundle.content_id[:12]} cannot be loaded: {type(error).__name__}: {error}"
            ) from error
        self._numbers, self._texts = joined.numbers, joined.texts

    def one(self, features: Mapping[str, FeatureValue]) -> float:
        """Give the probability of the positive class for one row; a missing feature is ``None``.

        The row is asked twice side by side: matrix products of a single row round otherwise than those of many.
        """
        feeds: dict[str, NDArray[Any]] = {}
        if self._numbers:
            feeds[NUMBERS] = numbers = np.empty((2, len(self._numbers)), np.float32)
            numbers[:] = [features[name] for name in self._numbers]
        if self._texts:
            feeds[TEXTS] = texts = np.empty((2, len(self._texts)), object)
            texts[:] = [features[name] or "" for name in self._texts]
        (given,) = self._session.run([OUTPUT], feeds)
        return _inside(float(given[0, POSITIVE]))

    def many(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Give the probabilities of many rows, shape ``(rows,)``.

        Args:
            columns: One array per column, shape ``(rows,)``: numbers with NaN for missing; texts as objects, the empty
                text for missing.
        """
        rows = next(iter(columns.values())).shape[0]
        if rows == 0:
            return np.empty(0, np.float64)
        feeds: dict[str, NDArray[Any]] = {}
        if self._numbers:
            feeds[NUMBERS] = _side_by_side([columns[name] for name in self._numbers], rows, np.float32)
        if self._texts:
            feeds[TEXTS] = _side_by_side([columns[name] for name in self._texts], rows, object)
        (given,) = self._session.run([OUTPUT], feeds)
        probability = np.asarray(given[:rows, POSITIVE], dtype=np.float64)
        close = (probability >= -ROUNDING) & (probability <= 1 + ROUNDING)
        return np.where(close, np.clip(probability, 0.0, 1.0), probability)


def columns_of(rows: Sequence[Mapping[str, FeatureValue]], columns: Sequence[FeatureColumn]) -> dict[str, NDArray[Any]]:
    """Turn rows of features into what ``Predictor.many`` takes."""
    made: dict[str, NDArray[Any]] = {}
    for column in columns:
        values = [row[column.name] for row in rows]
        if column.type == "text":
            made[column.name] = np.array([value or "" for value in values], dtype=object)
        else:
            made[column.name] = np.array(values, dtype=np.float32)
    return made


def _side_by_side(columns: list[NDArray[Any]], rows: int, kind: type) -> NDArray[Any]:
    block: NDArray[Any] = np.empty((max(rows, 2), len(columns)), kind)
    for place, values in enumerate(columns):
        block[:, place] = values
    return block


def _inside(probability: float) -> float:
    if 0.0 <= probability <= 1.0:
        return probability
    if -ROUNDING <= probability <= 1 + ROUNDING:
        return min(max(probability, 0.0), 1.0)
    return probability


def _session(onnx: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = FATAL_ONLY
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
