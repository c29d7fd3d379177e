from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pyarrow as pa
import pytest
from tests import bundles

from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.observe.live_log import LiveLog
from sluiceway.observe.logged import Logged
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.request_log import MOMENT

NOW = datetime(2026, 1, 9, tzinfo=UTC)
PINNED = datetime(2013, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BUNDLES = {"v1": bundles.made(bundles.logistic()), "v2": bundles.made(bundles.constant())}


def a_record(number, *, hours_ago=1.0, **changes):
    """A request of some hours ago, answered as of a present that is pinned."""
    made = RequestRecord(
        request_id=f"r{number}", row=0, rows=1, arrival=microseconds(NOW - hours_ago * HOUR), at=microseconds(PINNED),
        scope="live", status=200, latency_us=900, arm="champion", version="v1", probability=0.25, prediction=0,
        key={"flight_id": f"F{number}"}, inputs={"carrier": "AA", "distance": 0.1, "origin": "EWR"},
        features={"carrier": "AA", "distance": 0.1, "origin_weather__latest_wind": None},
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


class Counted(MemoryRequests):
    """A log that tells which chunks were read."""

    def __init__(self, *records):
        super().__init__()
        self.read_from = []
        self.write(*records)

    def write(self, *records):
        if records:
            self.append(b"".join(encode(each) + b"\n" for each in records))

    def read(self, after=""):
        self.read_from.append(after)
        return super().read(after)


def a_live_log(log, **options):
    return LiveLog(log, key=("flight_id",), bundle_of=BUNDLES.get, **options)


def held(live):
    return sorted(name for table in live.tables for name in table["request_id"].to_pylist())


def test_what_arrived_before_the_period_is_not_held():
    log = Counted(a_record(1, hours_ago=30), a_record(2, hours_ago=10), a_record(3))
    live = a_live_log(log)
    live.read(NOW - 24 * HOUR)
    assert held(live) == ["r2", "r3"]


def test_a_second_look_reads_what_is_new_and_lets_go_of_what_is_over():
    log = Counted(a_record(1, hours_ago=23), a_record(2, hours_ago=3))
    live = a_live_log(log)
    live.read(NOW - 24 * HOUR)
    log.write(a_record(3, hours_ago=1))
    live.read(NOW - 22 * HOUR)
    assert held(live) == ["r2", "r3"]
    assert log.read_from == ["", "1"]


def test_reading_begins_at_the_mark():
    log = Counted(a_record(1))
    log.write(a_record(2))
    live = a_live_log(log, after="1")
    live.read(NOW - 24 * HOUR)
    assert held(live) == ["r2"]


def test_each_version_answered_its_own_rows_and_refusals_count_for_none():
    log = Counted(
        a_record(1, hours_ago=5, version="v2"), a_record(2, hours_ago=4), a_record(3, hours_ago=2),
        a_record(4, version="", status=422, probability=None), a_record(5, version="v9"),
    )  # fmt: skip
    live = a_live_log(log)
    live.read(NOW - 24 * HOUR)
    told = live.answered
    assert list(told) == ["v2", "v1", "v9"]
    assert (told["v1"].rows, told["v1"].first, told["v1"].last) == (2, NOW - 4 * HOUR, NOW - 2 * HOUR)
    assert len(held(live)) == 5


def test_only_the_columns_of_the_model_and_the_label_s_key_are_held_and_numbers_as_it_is_fed():
    live = a_live_log(Counted(a_record(1)))
    live.read(NOW - 24 * HOUR)
    (table,) = live.tables
    assert {name for name in table.column_names if ":" in name} == {
        "key:flight_id", "feature:carrier", "feature:distance", "feature:origin_weather__latest_wind",
        "view:origin_weather:known_through",
    }  # fmt: skip
    assert table.schema.field("feature:distance").type == pa.float32()
    unknown = a_live_log(Counted(a_record(1, version="v9")))
    unknown.read(NOW - 24 * HOUR)
    assert not [name for name in unknown.tables[0].column_names if ":" in name]


def test_what_a_rehearsal_logged_is_not_live():
    live = a_live_log(Counted(a_record(1, scope="rehearsal")))
    live.read(NOW - 24 * HOUR)
    assert live.tables == []


@pytest.mark.parametrize("together", [True, False])
def test_of_too_many_rows_whole_requests_are_drawn_evenly_however_they_come(together):
    records = [a_record(n // 2, row=n % 2, rows=2) for n in range(4_000)]
    log = Counted(*records) if together else Counted()
    live = a_live_log(log, most_rows=1_000)
    if not together:
        for place in range(0, 4_000, 500):
            log.write(*records[place : place + 500])
            live.read(NOW - 24 * HOUR)
    live.read(NOW - 24 * HOUR)
    found = held(live)
    assert live.one_in in {4, 8}
    assert 4_000 / live.one_in == pytest.approx(len(found), rel=0.2)
    assert all(found.count(name) == 2 for name in set(found))


def test_the_windows_of_live_traffic_go_by_arrival_where_the_present_is_pinned():
    log = Counted(*(a_record(n, hours_ago=100 - n) for n in range(90)))
    live = a_live_log(log)
    live.read(NOW - 200 * HOUR)
    nothing = pa.table(
        {
            "flight_id": pa.array(["F1"]),
            "_at": pa.array([PINNED - 48 * HOUR], pa.timestamp("us", "UTC")),
            "_label": pa.array([1]),
            "_label_known_time": pa.array([PINNED - 47 * HOUR], pa.timestamp("us", "UTC")),
        }
    )
    logged = Logged("live", "v1", live.tables, nothing, ("flight_id",), 24 * HOUR, NOW, known_by=PINNED)
    rows = logged.rows(bundles.COLUMNS)
    assert rows.at.tolist() == [microseconds(NOW - (100 - n) * HOUR) for n in range(90)]
    assert rows.outcome[1] == 1
    earlier = replace(logged, known_by=PINNED - 30 * HOUR).rows(bundles.COLUMNS)
    assert earlier.outcome[1] != earlier.outcome[1]  # NaN: by then it had not matured


def test_lines_that_cannot_be_read_are_left_out_and_counted():
    log = Counted(a_record(1))
    log.append(b"{no line}\n")
    log.write(a_record(2), a_record(3, features={"distance": "far"}))
    log.append(b"\xff\n")
    live = a_live_log(log)
    live.read(NOW - 24 * HOUR)
    assert held(live) == ["r1", "r2"]
    assert live.unread.lines == 3
    assert "line 2 " in live.unread.first


def test_how_far_behind_views_were_is_told_by_what_a_request_was_asked_as_of():
    """Half an hour behind its present, whenever it arrived; the second found nothing."""
    known = microseconds(PINNED - HOUR / 2)
    live = a_live_log(
        Counted(a_record(1, hours_ago=3, views={"origin_weather": ("d" * 64, known, known)}), a_record(2, hours_ago=2))
    )
    live.read(NOW - 24 * HOUR)
    outcomes = pa.table({name: pa.array([], kind) for name, kind in (
        ("flight_id", pa.string()), ("_at", MOMENT), ("_label", pa.int64()), ("_label_known_time", MOMENT),
    )})  # fmt: skip
    logged = Logged(
        scope="live", version="v1", requests=live.tables, outcomes=outcomes, key=("flight_id",), matures=HOUR, until=NOW
    )
    found = logged.rows(bundles.COLUMNS, ["origin_weather"])
    assert found.at.tolist() == [microseconds(NOW - 3 * HOUR), microseconds(NOW - 2 * HOUR)]
    assert found.views["behind:origin_weather"].to_list() == [HOUR / 2 / timedelta(microseconds=1)] * 2
    assert found.views["read:origin_weather"].to_list() == [True, False]
