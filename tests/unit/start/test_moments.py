from datetime import UTC, datetime, timedelta

import polars as pl
import pyarrow as pa
import pytest

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.start.columns import facts_of
from sluiceway.start.moments import is_time_of_rows, moments_in

START = datetime(2024, 1, 25, 22, 0, tzinfo=UTC)
TIMES = [START + timedelta(hours=7 * number) for number in range(40)]
ZONES = ("Z", "+02:00", "-05:30")


def in_zone(moment, zone):
    sign = -1 if zone.startswith("-") else 1
    ahead = timedelta(0) if zone == "Z" else sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
    return (moment + ahead).strftime("%Y-%m-%dT%H:%M:%S") + zone


def read(name, values):
    """What is found, and what its SQL gives."""
    table = pa.table({name: values})
    (found,) = moments_in(facts_of(table))
    made = DuckdbEngine().query(f"SELECT CAST({found.sql} AS TIMESTAMPTZ) AS at FROM t", {"t": table}, in_order=True)
    return found, pl.DataFrame(pl.from_arrow(made))["at"].dt.convert_time_zone("UTC").to_list()


WRITTEN = {
    "zones mixed": [in_zone(moment, ZONES[place % 3]) for place, moment in enumerate(TIMES)],
    "with and without a zone": [
        in_zone(moment, "Z") if place % 2 else moment.strftime("%Y-%m-%d %H:%M:%S")
        for place, moment in enumerate(TIMES)
    ],
    "day first": [moment.strftime("%d/%m/%Y %H:%M") for moment in TIMES],
    "American": [moment.strftime("%m/%d/%Y %I:%M %p") for moment in TIMES],
    "with a month's name": [moment.strftime("%d %b %Y %H:%M:%S") for moment in TIMES],
    "seconds": [int(moment.timestamp()) for moment in TIMES],
    "milliseconds": [int(moment.timestamp() * 1000) for moment in TIMES],
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_time_is_found_and_its_sql_reads_the_same(how):
    found, by_sql = read("created_at", WRITTEN[how])
    assert found.values.to_list() == TIMES
    assert by_sql == TIMES
    assert is_time_of_rows(found)


def test_days_written_as_numbers_are_days():
    days = [datetime(2024, 1, day, tzinfo=UTC) for day in range(1, 30)]
    found, by_sql = read("date", [int(day.strftime("%Y%m%d")) for day in days])
    assert found.values.to_list() == by_sql == days


def test_a_day_that_could_be_a_month_is_in_doubt():
    days = [
        datetime(2024, month, day, tzinfo=UTC).strftime("%d/%m/%Y") for month in range(1, 12) for day in range(1, 12)
    ]
    found, _ = read("date", days)
    assert found.doubt == "%d/%m/%Y or %m/%d/%Y"


def test_a_year_a_month_and_a_day_are_put_together():
    days = [datetime(2024, month, day, tzinfo=UTC) for month in range(1, 12) for day in range(1, 12)]
    table = pa.table({part: [getattr(day, part) for day in days] for part in ("year", "month", "day")})
    (found,) = moments_in(facts_of(table))
    assert found.values.to_list() == days
    assert found.sql == "make_date(year, month, day)"


@pytest.mark.parametrize("values", [["a", "b"] * 20, ["12", "13"] * 20, [1.5, 2.5] * 20, [None] * 40])
def test_what_is_no_time_is_none(values):
    assert list(moments_in(facts_of(pa.table({"created_at": values})))) == []


def test_a_birthday_is_no_time_of_a_row():
    found, _ = read("birth_date", WRITTEN["day first"])
    assert not is_time_of_rows(found)
