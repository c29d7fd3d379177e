"""Scoring: probabilities of the positive class, from a fitted estimator or from its export."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sluiceway.core.errors import TrainingError
from sluiceway.plans.model_inputs import OUTPUT
from sluiceway.train.frame import Frame

ERRORS_ONLY = 3
# Sums of float32 shares, such as a forest's, may pass 1 by this much.
ROUNDING = 1e-5


def fitted_probability(estimator: Any, frame: Frame, *, what: str) -> NDArray[np.float64]:
    """Ask a fitted estimator, shape ``(rows,)``.

    Raises:
        TrainingError: it failed, or gave something that is no probability.
    """
    try:
        given = np.asarray(estimator.predict_proba(frame.x), dtype=np.float64)
    except Exception as error:
        raise TrainingError(f"{what}: predict_proba raised {type(error).__name__}: {error}") from error
    return _positive(given, what)


def exported_probability(onnx: bytes, frame: Frame, *, what: str) -> NDArray[np.float64]:
    """Ask an exported model, shape ``(rows,)``; one thread, so that each row is summed in one order.

    Raises:
        TrainingError: the model cannot be run, or gave something that is no probability.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        (given,) = session.run([OUTPUT], frame.feeds())
    except Exception as error:
        raise TrainingError(f"{what}: the exported model does not run: {type(error).__name__}: {error}") from error
    return _positive(np.asarray(given, dtype=np.float64), f"{what}, as exported")


def _positive(given: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    if given.ndim != 2 or given.shape[1] != 2:  # noqa: PLR2004 - two classes
        raise TrainingError(f"{what}: gave probabilities of shape {given.shape}; a binary model gives two a row")
    wrong = int((~((given >= -ROUNDING) & (given <= 1 + ROUNDING))).any(axis=1).sum())
    if wrong:
        raise TrainingError(
            f"{what}: {wrong} of {len(given)} rows got no probability between 0 and 1 (NaN, or outside)"
        )
    return np.clip(given[:, 1], 0.0, 1.0)
