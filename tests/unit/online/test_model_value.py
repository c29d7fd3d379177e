import pytest

from sluiceway.online.model_value import as_model_value


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", 0.1, 0.10000000149011612),
        ("number", float("nan"), None),
        ("integer", 16_777_217, 16_777_216.0),
        ("boolean", True, "true"),
        ("boolean", False, "false"),
        ("text", " ü ", " ü "),
    ],
)
def test_a_value_enters_the_model_as_the_training_table_has_it(kind, value, expected):
    found = as_model_value(kind)(value)
    assert (type(found), found) == (type(expected), expected)
