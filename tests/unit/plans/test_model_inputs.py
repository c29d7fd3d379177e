"""Model inputs: names and shapes that training and serving share."""

import numpy as np

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.plans.model_inputs import feeds

COLUMNS = (FeatureColumn("carrier", "text", "input"), FeatureColumn("wind", "number", "view"))


def test_each_column_is_one_input_of_its_own_type():
    fed = feeds(COLUMNS, {"wind": np.array([1.0, np.nan]), "carrier": np.array(["AA", ""])})
    assert list(fed) == ["column:carrier", "column:wind"]
    assert {name: (values.shape, values.dtype.kind) for name, values in fed.items()} == {
        "column:carrier": ((2, 1), "O"),
        "column:wind": ((2, 1), "f"),
    }
    assert fed["column:wind"].dtype == np.float32
