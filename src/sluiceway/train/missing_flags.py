"""Missing flags: a step that tells a linear model where a number was missing. Importing it loads scikit-learn."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin


class MissingFlags(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Gives 1 where a number is missing and 0 elsewhere; scikit-learn's own indicators do not export to ONNX."""

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002, N803 - scikit-learn's names
        """Learn only the columns' names and number."""
        self.n_features_in_ = X.shape[1]
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:  # noqa: N803 - scikit-learn's name
        """Return a float32 matrix of the same shape."""
        return np.isnan(np.asarray(X, dtype=np.float32)).astype(np.float32)
