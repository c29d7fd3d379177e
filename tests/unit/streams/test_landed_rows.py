"""What landed is read by the table's columns as they are now; what does not fit is missing, and stops nothing."""

from datetime import UTC, datetime

import pyarrow as pa

from sluiceway.streams.landed_rows import LandedRows, each_once

KINDS = {"n": "integer", "x": "number", "at": "time", "who": "text"}
SCHEMA = pa.schema([("n", pa.int64()), ("x", pa.float64()), ("at", pa.timestamp("us", "UTC")), ("who", pa.string())])


def rows(*values, keys=()):
    return LandedRows(SCHEMA, KINDS, keys).table(values).to_pylist()


def test_what_a_message_lacks_or_holds_of_another_kind_is_missing():
    assert rows(b'{"n": 1}', b'{"n": "1", "who": "a", "x": 2}') == [
        {"n": 1, "x": None, "at": None, "who": None}, {"n": None, "x": 2.0, "at": None, "who": "a"},
    ]  # fmt: skip


def test_what_no_decoder_takes_and_no_calendar_has_is_missing():
    (row,) = rows(b'{"n": 1, "x": 1e999, "at": "0001-01-01T00:00:00+14:00", "who": 5, "gate": 1e999}')
    assert row == {"n": 1, "x": None, "at": None, "who": None}
    assert rows(b'{"at": "2024-01-01T01:00:00+01:00"}')[0]["at"] == datetime(2024, 1, 1, tzinfo=UTC)


def test_times_as_postgres_prints_them_are_times():
    (row,) = rows(b'{"at": "2024-01-01 01:00:00+01", "n": "1"}')
    assert (row["at"], row["n"]) == (datetime(2024, 1, 1, tzinfo=UTC), None)


def test_what_landed_without_its_key_is_no_row():
    kept = rows(b'{"n": 1, "who": "a"}', b'{"who": "a"}', b'{"n": 2}', b'{"n": "1", "who": "b"}', keys=("n", "who"))
    assert [(row["n"], row["who"]) for row in kept] == [(1, "a")]


def test_a_row_that_came_again_is_there_once_and_corrections_stay():
    pieces = [
        pa.table({"id": [1, 2, 3], "x": [1.0, None, 3.0], "w": [[1.0], [2.0, None], None]}),
        pa.table({"id": [2, 2, 4], "x": [None, 5.0, 4.0], "w": [[2.0, None], [2.0, None], []]}),
        pa.table({"id": [2, 3, 4], "x": [5.0, 3.0, 4.5], "w": [[2.0, None], None, []]}),
    ]
    found = pa.concat_tables(each_once(pieces, pa.table({"id": [2, 3, 4]})))
    assert found.column("id").to_pylist() == [1, 2, 3, 2, 4, 4]
    assert found.column("x").to_pylist() == [1.0, None, 3.0, 5.0, 4.0, 4.5]
    assert [len(each) for each in each_once(pieces, pa.table({"id": [2]}))] == [3, 2, 2]
