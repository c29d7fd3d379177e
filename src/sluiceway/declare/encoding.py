"""Encoding: the first step of a model, from named columns of text and numbers to one matrix of numbers.

scikit-learn is loaded when a model is made, not when a pipeline is declared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, assert_never

from sluiceway.core.errors import UnknownNameError

Categories = Literal["ordinal", "target", "onehot"]
TARGET_FOLDS = 5


@dataclass(frozen=True)
class Chosen:
    """Chooses a polars frame's columns of ``kind`` (``text`` or ``number``), without those to ``drop``.

    Dates and anything else are left out: models do not take them.
    """

    kind: str
    drop: tuple[str, ...] = ()

    def __call__(self, frame: Any) -> list[str]:
        """Name the columns, in order. Raises ``UnknownNameError`` for one to drop that is not there."""
        for name in self.drop:
            if name not in frame.columns:
                raise UnknownNameError("column", name, frame.columns)
        return [name for name, dtype in frame.schema.items() if name not in self.drop and kind_of(dtype) == self.kind]


def kind_of(dtype: Any) -> str:
    """Tell ``text``, ``number`` and ``other`` apart; booleans are numbers, categoricals are texts."""
    import polars as pl

    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return "text"
    return "number" if dtype.is_numeric() or dtype == pl.Boolean else "other"


def encode(categories: Categories = "ordinal", *, numbers: Any = None, drop: Sequence[str] = (), seed: int = 0) -> Any:
    """Make an unfitted scikit-learn step that encodes every column of text and passes every number on as float32.

    Args:
        categories: ``ordinal`` numbers the texts, for trees (unseen ones become -1); ``target`` replaces each by the
            mean of the label, cross-fitted; ``onehot`` gives each its own column, for linear models.
        numbers: A transformer in place of the pass-through, for models that need imputed and scaled numbers.
        drop: Columns that the model shall not see.
        seed: Shuffles the folds of ``target``.

    Raises:
        UnknownNameError: when fitted, if a column to drop is not there.
    """
    from sklearn.compose import ColumnTransformer

    from sluiceway.declare.float32 import Float32

    steps = [
        ("texts", encoder(categories, seed), Chosen("text", tuple(drop))),
        ("numbers", Float32() if numbers is None else numbers, Chosen("number", tuple(drop))),
    ]
    return ColumnTransformer(steps, sparse_threshold=0, verbose_feature_names_out=False)


def encoder(categories: Categories, seed: int) -> Any:
    """Make the encoder of the columns of text."""
    match categories:
        case "ordinal":
            return ordinal()
        case "target":
            return target(seed)
        case "onehot":
            return onehot()
    assert_never(categories)


def ordinal() -> Any:
    """Give unseen texts -1, below every code, so that trees can split them off."""
    import numpy as np
    from sklearn.preprocessing import OrdinalEncoder

    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float32)


def target(seed: int) -> Any:
    """Fix the folds, which are random by default, and round as ONNX will."""
    from sklearn.model_selection import KFold
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import TargetEncoder

    from sluiceway.declare.float32 import Float32

    folds = KFold(TARGET_FOLDS, shuffle=True, random_state=seed)
    return Pipeline([("target", TargetEncoder(cv=folds)), ("float32", Float32())])


def onehot() -> Any:
    """Stay dense, as ONNX is, so that both sides sum in the same order."""
    import numpy as np
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
