"""Skew is found where it is planted, to the last bit, and its likely cause is told."""

from datetime import UTC, datetime, timedelta

import msgspec
import pyarrow as pa
import pytest

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.serving_contract import Field, ServingContract
from sluiceway.core.errors import MisuseError
from sluiceway.deploy.skew import compare
from sluiceway.features.point_in_time import Facts, features_at
from sluiceway.online.live_view import LiveView
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.packed_value import pack_value, unpack_value
from sluiceway.plans.request_log import request_table
from sluiceway.plans.served_view import served

TIME = pa.timestamp("us", "UTC")
START = datetime(2013, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
BASE = int(START.timestamp()) * 1_000_000
LANDINGS = sw.Source("landings", sql="unused", event_time="lands")
DELAYS = sw.FeatureView("delays", entity="carrier", source=LANDINGS, features=[sw.mean("delay", over="1h")])
GATES = sw.FeatureView("gates", entity="carrier", source=LANDINGS, features=[sw.latest("gate")])
VIEWS = (DELAYS, GATES)
COLUMNS = (
    FeatureColumn("carrier", "text", "input"),
    FeatureColumn("delays__mean_delay_1h", "number", "view"),
    FeatureColumn("gates__latest_gate", "text", "view"),
)
CONTRACT = ServingContract((Field("carrier", "text"),), (), tuple(served(view) for view in VIEWS), ())
MOMENTS = range(0, 600, 7)  # minutes


def moment(minutes):
    return START + timedelta(minutes=minutes)


def facts_of():
    """One landing every ten minutes, of two carriers in turn."""
    landings = []
    for place in range(66):
        lands = moment(10 * place - 60)
        own = {"carrier": "XY"[place % 2], "delay": place * 37 % 50, "gate": f"g{place}"}
        landings.append({**own, "_event_time": lands, "_known_time": lands})
    table = pa.Table.from_pylist(landings)
    tables = MemoryTables()
    dataset = DatasetVersion((), (tables.write("sources/landings", table),), RestoreReport(0.0, 0, 0, 0, ()))
    return Facts(dataset, tables, DuckdbEngine(threads=1), BASE + 10_000 * MINUTE)


FACTS = facts_of()


def served_log(*, late=None, dropped=(), altered=lambda value: value, carriers="XYZ"):
    """Log what a server reads whose store is written ``late`` by some minutes, without some views, or altered."""
    online = MemoryOnline()
    live = {view.name: LiveView(view, FACTS.kinds_for(view), FACTS.rows(view)) for view in VIEWS}
    reader = OnlineReader(CONTRACT.views, online, now_us=lambda: 0)
    lines = []
    for at in MOMENTS:
        for name, view in live.items():
            behind = (late or {}).get(name, 0)
            items = [(key, altered(value)) for key, value in view.advance(BASE + (at - behind) * MINUTE)]
            if name not in dropped:
                online.write(view.digest, items)
        rows = zip(carriers, reader.read({"carrier": list(carriers)}), strict=True)
        lines += [record(f"{at}-{carrier}", at, carrier, row) for carrier, row in rows]
    return request_table([b"\n".join(lines) + b"\n"], contract=CONTRACT, columns=COLUMNS)


def record(name, at, carrier, row, status=200):
    features = {"carrier": carrier, **row.features} if row else {}
    return msgspec.json.encode(
        RequestRecord(
            request_id=name, row=0, rows=1, arrival=0, at=BASE + at * MINUTE, scope="rehearsal", status=status,
            latency_us=9, inputs={"carrier": carrier}, features=features, views=row.views if row else {},
        )
    )  # fmt: skip


def offline(log):
    spine = pa.table(
        {"_row": range(log.num_rows), "_at": log.column("at"), "carrier": log.column("input:carrier")},
        schema=pa.schema({"_row": pa.int64(), "_at": TIME, "carrier": pa.string()}),
    )
    made = {"carrier": spine.column("carrier")}
    for view in VIEWS:
        table = features_at(FACTS, view, spine).sort_by("_row")
        made |= {name: table.column(name) for name in view.columns}
    return pa.table(made)


def found(log):
    return compare(log, offline(log), COLUMNS, VIEWS, offline)


def test_a_store_that_is_kept_up_differs_in_no_value():
    evidence = found(served_log())
    assert (evidence.rows, evidence.values) == (3 * len(MOMENTS), 9 * len(MOMENTS))
    assert (evidence.differing, evidence.unequal, evidence.examples) == (0, {}, ())


def test_a_store_an_hour_late_is_found_stale():
    evidence = found(served_log(late={"delays": 60}))
    assert set(evidence.unequal) == {"delays__mean_delay_1h"}
    assert evidence.differing > len(MOMENTS)
    (example,) = evidence.examples
    assert example.startswith("delays__mean_delay_1h of request 0-X at 2013-01-01T00:00:00Z: ")
    assert "stale: view delays was written at 2012-12-31T23:00:00Z" in example or "nothing was read" in example


def test_what_was_stale_is_told_with_the_moment_that_was_due():
    log = served_log(late={"gates": 60})
    late = log.filter(pa.array([place > 60 for place in range(log.num_rows)]))
    (example,) = found(late).examples
    assert "stale: view gates was written at " in example
    assert example.split("(stale")[0].startswith("gates__latest_gate of request ")
    assert f"{late.column('at')[0].as_py():%Y-%m-%dT%H:%M}" in example


def test_a_wrong_value_is_not_called_stale_because_nothing_happened_to_its_entity_for_a_while():
    """Of X nothing was heard for five minutes or more: its last value knew no less than it should."""
    log = served_log()
    heard = log.column("view:gates:known_through").to_pylist()
    at = log.column("at").to_pylist()
    quiet = [bool(known) and asked - known >= timedelta(minutes=5) for known, asked in zip(heard, at, strict=True)]
    gates = log.column("feature:gates__latest_gate").to_pylist()
    wrong = [f"{gate}!" if each else gate for gate, each in zip(gates, quiet, strict=True)]
    evidence = found(replaced(log, "feature:gates__latest_gate", wrong))
    assert evidence.unequal == {"gates__latest_gate": sum(quiet)}
    assert "(differs; view gates was written at " in evidence.examples[0]


def test_without_a_way_to_compute_what_was_due_then_no_value_is_called_stale():
    log = served_log(late={"gates": 60}).slice(61)
    (example,) = compare(log, offline(log), COLUMNS, VIEWS).examples
    assert "(differs; view gates was written at " in example


def test_the_last_bit_of_a_rounding_is_found():
    def rounded_up(value):
        told = unpack_value(value)
        features = [
            each * (1 + 2**-23) if isinstance(each, float) and each and told.written % (40 * MINUTE) == 0 else each
            for each in told.features
        ]
        return pack_value(told._replace(features=features))

    evidence = found(served_log(altered=rounded_up))
    assert set(evidence.unequal) == {"delays__mean_delay_1h"}
    assert 0 < evidence.differing < evidence.rows / 2
    assert "differs by rounding" in evidence.examples[0]


def test_a_view_that_is_not_there_is_found():
    evidence = found(served_log(dropped=("gates",)))
    assert evidence.unequal == {"gates__latest_gate": 2 * len(MOMENTS)}  # of carrier Z there is nothing anyway
    assert "nothing was read: view gates had no value for this entity" in evidence.examples[0]


def replaced(log, name, values):
    return log.set_column(log.column_names.index(name), name, pa.array(values))


def test_a_view_of_another_definition_is_found():
    log = replaced(served_log(), "view:delays:digest", ["0" * 12] * 258)
    evidence = found(replaced(log, "feature:delays__mean_delay_1h", [-1.0] * 258))
    assert evidence.unequal == {"delays__mean_delay_1h": 258}
    assert "another definition: view delays was read under 000000000000" in evidence.examples[0]


def test_missing_equals_missing_and_nothing_else():
    log = served_log(carriers="Z")
    assert found(log).differing == 0
    assert found(replaced(log, "feature:gates__latest_gate", [""] * 86)).unequal == {"gates__latest_gate": 86}


def test_inputs_are_compared_too_and_the_worst_comes_first():
    log = served_log(late={"delays": 60})
    evidence = found(replaced(log, "feature:carrier", ["Q", *log.column("feature:carrier").to_pylist()[1:]]))
    assert list(evidence.unequal) == ["delays__mean_delay_1h", "carrier"]
    assert evidence.examples[1] == (
        "carrier of request 0-X at 2013-01-01T00:00:00Z: 'Q' logged, 'X' offline (differs; 1 of 258 rows)"
    )


def test_what_was_refused_has_no_vector_to_compare():
    log = pa.concat_tables(
        [served_log(), request_table([record("r", 9, None, None, status=422)], contract=CONTRACT, columns=COLUMNS)]
    )
    assert found(log).differing == 0
    assert found(log).rows == log.num_rows - 1


def test_a_feature_that_was_not_logged_is_said_and_not_counted():
    log = served_log().drop_columns(["feature:delays__mean_delay_1h"])
    evidence = found(log)
    assert evidence.values == 2 * log.num_rows
    assert evidence.examples == ("delays__mean_delay_1h was not logged, so it was not compared",)


def test_tables_of_different_length_are_refused():
    log = served_log()
    with pytest.raises(MisuseError, match="258 logged rows"):
        compare(log, offline(log).slice(1), COLUMNS)


def test_a_log_without_a_request_has_nothing_to_compare():
    logged = request_table([], contract=CONTRACT, columns=COLUMNS)
    offline = pa.table({"carrier": pa.array([], pa.string()), "delays__mean_delay_1h": pa.array([], pa.float64())})
    offline = offline.append_column("gates__latest_gate", pa.array([], pa.string()))
    found = compare(logged, offline, COLUMNS, VIEWS)
    assert (found.rows, found.values, found.differing) == (0, 0, 0)
