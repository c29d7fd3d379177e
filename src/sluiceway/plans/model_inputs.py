"""Model inputs: what an exported model's inputs and output are called, and how columns are fed to it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.feature_set import FeatureColumn

# The prefix keeps a column from clashing with a name inside the graph.
PREFIX = "column:"
OUTPUT = "model:output"


def input_name(column: FeatureColumn) -> str:
    """Name a column's input."""
    return PREFIX + column.name


def feeds(columns: Sequence[FeatureColumn], values: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Shape columns into a model's inputs, each ``(rows, 1)``.

    Args:
        columns: The model's columns.
        values: One array per column, shape ``(rows,)``: numbers with NaN for missing; texts as objects, the empty text
            for missing.
    """
    return {input_name(column): _typed(column, values[column.name]).reshape(-1, 1) for column in columns}


def _typed(column: FeatureColumn, values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(object if column.type == "text" else np.float32, copy=False)
