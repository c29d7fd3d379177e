"""Float32: a step that casts, so that training sees exactly the values that the exported model will see.

Importing this module loads scikit-learn.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin


class Float32(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Casts to a float32 matrix; missing values become NaN.

    scikit-learn has no such step that exports to ONNX, and without one, encoded targets and whole numbers would reach
    the model as float64.
    """

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002, N803 - scikit-learn's names
        """Learn only the columns' names and number, which scikit-learn checks later."""
        self.n_features_in_ = X.shape[1]
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:  # noqa: N803 - scikit-learn's name
        """Return a float32 matrix of the same shape."""
        return np.asarray(X, dtype=np.float32)
