import pytest
from tests.bundles import CONTRACT, row

from sluiceway.deploy.field_check import checked_rows
from sluiceway.deploy.refusal import Refusal


def test_rows_are_read_with_their_key_apart():
    (inputs, key), (empty, none) = checked_rows([row(flight_id="UA1"), dict.fromkeys(row())], CONTRACT)
    assert list(inputs) == [field.name for field in CONTRACT.inputs]
    assert key == {"flight_id": "UA1"}
    assert (set(empty.values()), none) == ({None}, {})


def test_nothing_is_read_of_a_request_with_anything_wrong():
    with pytest.raises(Refusal, match="row 1: missing field 'seats'"):
        checked_rows([row(), {name: None for name in row() if name != "seats"}], CONTRACT)
