"""A served row is the training row: the same request, through stage 4 and through the contract."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.core.moments import FixedClock
from sluiceway.declare.project import Project
from sluiceway.features.run import run
from sluiceway.online.model_row import ModelRow
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.moments_sql import microseconds
from sluiceway.ports.progress import Silence

TIME = pa.timestamp("us", "UTC")
START = datetime(2024, 3, 1, tzinfo=UTC)
SCHEDULE = sw.Source("schedule", sql="unused", key="id", event_time="departs")
LANDINGS = sw.Source("landings", sql="unused", key="id", event_time="lands")
INPUTS = ("id", "seats", "miles", "departs", "abroad", "tail")
EACH = pa.schema(
    {"id": pa.int64(), "seats": pa.int64(), "miles": pa.float64(), "departs": TIME, "abroad": pa.bool_(),
     "tail": pa.string(), "carrier": pa.string(), "_event_time": TIME, "_known_time": TIME}
)  # fmt: skip
VIEWS = [
    sw.FeatureView("delays", "carrier", LANDINGS, features=[sw.mean("delay", over="6h"), sw.latest("gate")]),
    sw.RequestView(hour="hour(at_zone(departs, 'America/New_York'))", per_seat="miles / seats", far="miles > 99"),
    sw.FeatureView("home", entity=("tail", "carrier"), source=LANDINGS, features=[sw.count(over="1h")]),
    sw.RequestView(
        pace="delays__mean_delay_6h / nullif(miles, 0) + coalesce(home__count_1h, -0.1)", twice="PACE * 2 + per_seat",
        told="coalesce(delays__latest_gate, 'none') || coalesce(far, '?')", busy="home__count_1h > 0 or far = 'true'",
    ),
]  # fmt: skip
ASKED = st.lists(
    st.fixed_dictionaries(
        {
            "seats": st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3),
            "miles": st.none() | st.floats(),
            "abroad": st.none() | st.booleans(),
            "tail": st.none() | st.sampled_from(["", "N1"]),
            "carrier": st.sampled_from(["A", "B"]),
        }
    ),
    min_size=3,
    max_size=8,
)


def hour(number):
    return START + timedelta(hours=number)


def trained(asked):
    """Stage 4 over these requests, all made at one moment, so that online is as of every prediction."""
    at = hour(100)
    rows = [
        {**row, "id": number, "departs": at, "_event_time": at, "_known_time": at} for number, row in enumerate(asked)
    ]
    outcomes = [{"id": row["id"], "delay": row["id"] * 20, "at": hour(101), **SEEN[0]} for row in rows]
    facts = [{"id": 900 + number, "delay": number, "at": hour(94 + number), **SEEN[number % 2]} for number in range(6)]
    tables, online = MemoryTables(), MemoryOnline()
    landed = pa.Table.from_pylist(outcomes + facts)
    moments = landed["at"].cast(TIME)
    landed = landed.drop(["at"]).append_column("_event_time", moments).append_column("_known_time", moments)
    refs = (
        tables.write("sources/schedule", pa.Table.from_pylist(rows, schema=EACH)),
        tables.write("sources/landings", landed),
    )
    label = sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="1h")
    pipeline = sw.Pipeline(spec="spec.yaml", views=VIEWS, label=label, model=lambda trial: trial)
    features = run(
        DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ())), project=Project(pipeline, {}, "", ""),
        inputs=INPUTS, as_of=hour(102), tables=tables, engine=DuckdbEngine(), online=online, progress=Silence(),
        clock=FixedClock(hour(200)), seed=0,
    )  # fmt: skip
    return decode(FeatureSet, encode(features)), tables.read(features.table).to_pylist(), rows, online


SEEN = ({"carrier": "A", "tail": "N1", "gate": "G7"}, {"carrier": "B", "tail": "", "gate": None})


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=ASKED)
def test_inputs_and_request_features_are_the_training_rows_bit_by_bit(asked):
    features, table, rows, _ = trained(asked)
    make = ModelRow(features.columns, features.contract)
    own = [column for column in features.columns if column.origin != "view"]
    looked_up = [column.name for column in features.columns if column.origin == "view"]
    for row in rows:
        (learnt,) = [each for each in table if each["id"] == row["id"]]
        made = make.of(row, {name: learnt[name] for name in looked_up})
        assert list(made) == [column.name for column in features.columns]
        expected = {column.name: learnt[column.name] for column in own if column.name != "id"}
        assert repr({name: made[name] for name in expected}) == repr(expected)
        assert made["id"] == float(row["id"])  # the key stays as it came in the table; the model's frame casts it


def test_a_request_read_through_the_contract_has_every_column_in_order():
    features, _, rows, online = trained([{"seats": 4, "miles": 0.1, "abroad": True, "tail": "N1", "carrier": "A"}] * 3)
    contract = features.contract
    assert [field.name for field in contract.inputs] == [*INPUTS, "carrier"]
    assert contract.key == ()
    reader = OnlineReader(contract.views, online, now_us=lambda: microseconds(features.cutoff))
    row = rows[1]
    looked_up = reader.read({name: [row[name]] for name in contract.entities})[0]
    assert {name: seen[1] for name, seen in looked_up.views.items()} == dict.fromkeys(
        ("delays", "home"), microseconds(hour(200))
    )
    assert ModelRow(features.columns, contract).of(row, looked_up.features) == {
        "id": 1.0, "seats": 4.0, "miles": 0.10000000149011612, "abroad": "true", "tail": "N1",
        "delays__mean_delay_6h": 13.199999809265137, "delays__latest_gate": "G7", "home__count_1h": 3.0,
        "hour": 23.0, "per_seat": 0.02500000037252903, "far": "false",
        "pace": 135.0, "twice": 270.0249938964844, "told": "G7false", "busy": "true",
    }  # fmt: skip


def test_an_absent_input_or_feature_is_an_error_and_no_silent_gap():
    features, _, rows, _ = trained([{"seats": 4, "miles": 0.1, "abroad": True, "tail": "N1", "carrier": "A"}] * 3)
    make = ModelRow(features.columns, features.contract)
    with pytest.raises(KeyError, match="delays__mean_delay_6h"):
        make.of(rows[0], {})
    with pytest.raises(KeyError, match="seats"):
        make.of({name: value for name, value in rows[0].items() if name != "seats"}, {})
