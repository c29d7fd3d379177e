"""Texts that are all times are times, with a zone or without, and nothing else is."""

import pyarrow as pa
import pytest

from sluiceway.core.moments import parse_moment
from sluiceway.plans.json_lines import read_json_lines
from sluiceway.plans.text_times import with_times

NOON = "2024-01-01T12:00:00"


def read(*values):
    return with_times(pa.table({"at": pa.array(values, pa.string()), "n": range(len(values))})).column("at")


@pytest.mark.parametrize(
    ("values", "moments"),
    [
        ((f"{NOON}.123Z", f"{NOON}Z", None), (f"{NOON}.123Z", f"{NOON}Z", None)),
        ((f"{NOON}.5+01:00", "2024-01-01 12:00:00.25-0130"), ("2024-01-01T11:00:00.5Z", "2024-01-01T13:30:00.25Z")),
    ],
)
def test_times_with_a_zone_are_moments(values, moments):
    assert read(*values).type == pa.timestamp("us", "UTC")
    assert read(*values).to_pylist() == [each and parse_moment(each) for each in moments]


def test_times_without_a_zone_stay_without_one():
    assert read(f"{NOON}.5").type == pa.timestamp("us")


@pytest.mark.parametrize(
    "values",
    [(f"{NOON}.5", f"{NOON}.5Z"), ("2024-02-30T00:00:00.5Z",), (f"{NOON}.5Z", "soon"), (None,), ("12:00",), ("A4",)],
)
def test_what_is_no_time_in_every_row_stays_text(values):
    assert read(*values).to_pylist() == list(values)


def test_json_lines_have_times_with_fractions_of_a_second():
    lines = b'{"at": "2024-01-01T12:00:00.25Z", "code": "A4"}\n{"at": "2024-01-01T12:00:01Z", "code": "B7"}\n'
    table = read_json_lines(lines, path="a.ndjson")
    assert table.schema.field("at").type == pa.timestamp("us", "UTC")
    assert table["code"].to_pylist() == ["A4", "B7"]
