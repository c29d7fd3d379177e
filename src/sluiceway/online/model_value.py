"""Model values: how a typed value enters a model, as stage 4 wrote it into the training table."""

from collections.abc import Callable
from typing import Any

from sluiceway.artifacts.table_ref import NUMERIC
from sluiceway.plans.closure_texts import as_text
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.single_precision import as_single


def as_model_value(kind: str | None) -> Callable[[Any], FeatureValue]:
    """Choose the conversion for values of a kind: numbers as float32 holds them, all else as text.

    >>> as_model_value("integer")(16777217), as_model_value("boolean")(True)
    (16777216.0, 'true')
    """
    return as_single if kind in NUMERIC else as_text
