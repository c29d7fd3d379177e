"""The predictor: probabilities from an exported model, for one row at once and for many."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        self._numbers_of, self._texts_of = _values_of(joined.numbers), _values_of(joined.texts)
        self._fewest = 1 if joined.row_by_row else 2

    def rows(self, features: Sequence[Mapping[str, FeatureValue]]) -> list[float]:
        """Give the probability of the positive class for each of a few rows; a missing feature is ``None``.

        A row alone is asked twice side by side, unless the model treats each row by itself: matrix products of a single
        row round otherwise than those of many.
        """
        if not features:
            return []
        asked = features if len(features) >= self._fewest else [*features] * self._fewest
        feeds: dict[str, NDArray[Any]] = {}
        if self._numbers:
            feeds[NUMBERS] = np.array([self._numbers_of(row) for row in asked], np.float32)
        if self._texts:
            feeds[TEXTS] = np.array([[text or "" for text in self._texts_of(row)] for row in asked], object)
        (given,) = self._session.run([OUTPUT], feeds)
        return [_inside(probability) for probability in given[: len(features), POSITIVE].tolist()]

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


def _values_of(names: Sequence[str]) -> Callable[[Mapping[str, FeatureValue]], tuple[Any, ...]]:
    """Make what takes a row's values in the order of names."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple(row[name] for name in names)


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
