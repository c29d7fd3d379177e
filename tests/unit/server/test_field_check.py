import pytest
from tests.bundles import CONTRACT, row

from sluiceway.server import field_check
from sluiceway.server.field_check import checked_rows
from sluiceway.server.refusal import Refusal


def test_rows_are_read_with_their_key_apart():
    (inputs, key), (empty, none) = checked_rows([row(flight_id="UA1"), dict.fromkeys(row())], CONTRACT)
    assert list(inputs) == [field.name for field in CONTRACT.inputs]
    assert key == {"flight_id": "UA1"}
    assert (set(empty.values()), none) == ({None}, {})


def test_nothing_is_read_of_a_request_with_anything_wrong():
    with pytest.raises(Refusal, match="row 1: missing field 'seats'"):
        checked_rows([row(), {name: None for name in row() if name != "seats"}], CONTRACT)


def test_only_what_is_told_is_worded(monkeypatch):
    asked = []
    monkeypatch.setattr(field_check, "get_close_matches", lambda *words, n: asked.append(words) or [])
    rows = [{f"x{row}{number}": 1 for number in range(50)} for row in range(100)]
    with pytest.raises(Refusal, match=r"row 0: missing .*; row 0: unknown field 'x08': .*; and 5,090 more"):
        checked_rows(rows, CONTRACT)
    assert len(asked) <= 2 * field_check.MOST_PROBLEMS
