"""The stage from end to end on a small airline."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pyarrow as pa
import pytest

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_derived import MemoryDerived
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.core.errors import DeclarationError, MisuseError, SourceError, UnknownNameError
from sluiceway.core.moments import FixedClock
from sluiceway.declare.project import Project
from sluiceway.features.large_sources import LargeSources
from sluiceway.features.run import run
from sluiceway.features.training_rows import training_rows
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.served_view import served
from sluiceway.ports.progress import Silence

TIME = pa.timestamp("us", "UTC")
START = datetime(2013, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
SCHEDULE = sw.Source("schedule", sql="unused", key="id", event_time="departs", known_time="departs")
LANDINGS = sw.Source("landings", sql="unused", key="id", event_time="lands")
DELAYS = sw.FeatureView(
    "delays", entity="carrier", source=LANDINGS, features=[sw.mean("delay", over="6h"), sw.latest("delay")]
)
INPUTS = ("carrier", "distance", "departs", "international")


def hour(number):
    return START + timedelta(hours=number)


def flights(count=60):
    """One flight an hour, landing three hours later; every tenth is cancelled, every third late."""
    return [
        {
            "id": number,
            "carrier": "XY"[number % 2],
            "distance": 100 + number,
            "departs": hour(number),
            "international": number % 3 == 0,
        }
        for number in range(count)
    ]


def landings(count=60):
    return [
        {
            "id": number,
            "carrier": "XY"[number % 2],
            "lands": hour(number + 3),
            "delay": 45 if number % 3 == 0 else number % 30,
        }
        for number in range(count)
        if number % 10 != 9
    ]


def table(rows, event, known):
    """Make a source's table; ``event`` and ``known`` take a row and give a moment."""
    made = pa.Table.from_pylist(rows)
    events, knowns = (pa.array([when(row) for row in rows], TIME) for when in (event, known))
    return made.append_column("_event_time", events).append_column("_known_time", knowns)


def dataset_of(tables, **sources):
    refs = tuple(tables.write(f"sources/{name}", rows) for name, rows in sources.items())
    return DatasetVersion((), refs, RestoreReport(0.0, 0, 0, 0, ()))


def scheduled(rows, known=lambda row: row["departs"] - timedelta(days=9)):
    return table(rows, lambda row: row["departs"], known)


def landed(rows, known=lambda row: row["lands"]):
    return table(rows, lambda row: row["lands"], known)


def pipeline(views=(DELAYS,), **changes):
    label = {
        "source": LANDINGS,
        "each": SCHEDULE,
        "at": "departs",
        "matures": "12h",
        "expression": "delay > 30",
    } | changes
    return sw.Pipeline(spec="spec.yaml", views=list(views), label=sw.Label("late", **label), model=lambda trial: trial)


def build(declared, sources, *, as_of=None, inputs=INPUTS, tables=None, online=None, seed=0, **more):
    tables = tables or MemoryTables()
    features = run(
        dataset_of(tables, **sources), project=Project(declared, {}, "", ""), inputs=inputs, as_of=as_of, tables=tables,
        engine=DuckdbEngine(), online=online or MemoryOnline(), progress=Silence(), clock=FixedClock(NOW), seed=seed,
        **more,
    )  # fmt: skip
    return features, tables.read(features.table).to_pylist()


def usual(**changes):
    return {"schedule": scheduled(flights()), "landings": landed(landings())} | changes


def test_only_matured_and_labelled_rows_are_trained_on_and_the_rest_is_counted():
    features, rows = build(pipeline(), usual(), as_of=hour(40))
    # known by hour 40 are all 60 of the schedule; at + 12 h <= 40 are flights 0 to 28, of which 9 and 19 never landed
    counts = features.counts
    assert (counts.rows, counts.unmatured, counts.unlabelled, counts.labelled) == (60, 31, 2, 27)
    assert counts.positives == sum(row["_label"] for row in rows) == 9
    assert [row["id"] for row in rows] == [number for number in range(29) if number not in {9, 19}]


def test_the_cutoff_is_the_newest_known_outcome_unless_it_is_given():
    assert build(pipeline(), usual())[0].cutoff == hour(61)


def test_each_row_has_what_was_known_at_its_prediction():
    _, rows = build(pipeline(), usual(), as_of=hour(40))
    row = rows[8]
    assert (row["id"], row["carrier"], row["distance"], row["international"]) == (8, "X", 108.0, "false")
    # at hour 8, landed of carrier X within hours 2 to 8, the last not included: 0 (45, at 3), 2 (2, at 5), 4 (4, at 7)
    assert row["delays__mean_delay_6h"] == 17.0
    assert row["delays__latest_delay"] == 4.0
    assert (row["_label_known_time"], row["_raw_distance"]) == (hour(11), 108)


def test_model_columns_are_inputs_that_are_no_times_then_features_then_request_columns():
    asked = sw.RequestView(hour_of_day="hour(departs)")
    features, rows = build(pipeline([DELAYS, asked]), usual(), as_of=hour(40))
    assert [(column.name, column.type, column.origin) for column in features.columns] == [
        ("carrier", "text", "input"), ("distance", "number", "input"), ("international", "text", "input"),
        ("delays__mean_delay_6h", "number", "view"), ("delays__latest_delay", "number", "view"),
        ("hour_of_day", "number", "request"),
    ]  # fmt: skip
    assert rows[8]["hour_of_day"] == 8.0
    assert rows[8]["departs"] == hour(8)


def test_numbers_are_stored_as_a_model_takes_them():
    odd = [{**flight, "distance": 0.1} for flight in flights()]
    _, rows = build(pipeline(), usual(schedule=scheduled(odd)), as_of=hour(40))
    assert rows[0]["distance"] == 0.10000000149011612
    assert rows[0]["_raw_distance"] == 0.1


def test_everything_is_read_back_online_as_computed_offline():
    features, _ = build(pipeline(), usual(), as_of=hour(40))
    report = features.retrieval
    assert (report.ids, report.unequal_rereads, report.unequal_offline, report.examples) == (1000, 0, 0, ())
    assert 0 < report.p50_ms <= report.p99_ms
    assert features.online_rows == {"delays": 2}


def test_a_store_that_lost_or_changed_values_shows_in_the_report():
    class Forgetful(MemoryOnline):
        def read(self, view, keys):
            return [None for _ in keys]

    report = build(pipeline(), usual(), as_of=hour(40), online=Forgetful())[0].retrieval
    assert (report.unequal_offline, report.unequal_rereads) == (2000, 0)
    assert report.examples[0].startswith("delays__latest_delay: None online, ")


def test_a_store_that_answers_differently_the_second_time_shows_in_the_report():
    class Moody(MemoryOnline):
        reads = 0

        def read(self, view, keys):
            self.reads += 1
            return super().read(view, keys) if self.reads <= 1000 else [None for _ in keys]

    assert build(pipeline(), usual(), as_of=hour(40), online=Moody())[0].retrieval.unequal_rereads == 2000


def test_views_computed_elsewhere_make_the_same_feature_set():
    here, rows = build(pipeline(), usual())
    there, found = build(pipeline(), usual(), elsewhere=DuckdbEngine())
    assert (there.table.content_id, found) == (here.table.content_id, rows)
    assert (there.retrieval.unequal_offline, there.time_audit) == (0, here.time_audit)


def test_going_back_to_an_earlier_cutoff_rewrites_what_is_online():
    online = MemoryOnline()
    build(pipeline(), usual(), as_of=hour(50), online=online)
    report = build(pipeline(), usual(), as_of=hour(30), online=online)[0].retrieval
    assert report.unequal_offline == 0
    newest = OnlineReader([served(DELAYS)], online, now_us=lambda: microseconds(hour(30))).read({"carrier": ["X"]})[0]
    assert newest.features["delays__latest_delay"] == 26.0
    assert newest.views["delays"] == (DELAYS.digest[:12], microseconds(NOW), microseconds(hour(30)))


def test_the_same_inputs_give_the_same_content_id_in_any_order_of_rows():
    shuffled = {"schedule": scheduled(flights()[::-1]), "landings": landed(landings()[::-1])}
    first, again = (build(pipeline(), sources, as_of=hour(40))[0] for sources in (usual(), shuffled))
    assert first.table.content_id == again.table.content_id


def test_an_audit_of_honest_sources_finds_nothing():
    audit = build(pipeline(), usual(), as_of=hour(40))[0].time_audit
    assert (audit.labels_known_early, audit.inputs_known_late, audit.early_facts, audit.future_features) == (
        0,
        0,
        (),
        (),
    )
    assert audit.sampled == 27


def test_labels_and_inputs_known_at_impossible_times_are_counted():
    early = landed(landings(), known=lambda row: row["lands"] - timedelta(hours=4))
    late = scheduled(flights(), known=lambda row: row["departs"] + timedelta(hours=1))
    audit = build(pipeline(), {"schedule": late, "landings": early}, as_of=hour(40))[0].time_audit
    assert (audit.labels_known_early, audit.inputs_known_late) == (
        27,
        40,
    )  # the schedule is known to hour 40: flights 0 to 39


def test_a_view_that_knows_the_predicted_row_before_its_prediction_is_named():
    crowd = sw.FeatureView("crowd", entity="carrier", source=SCHEDULE, features=[sw.count(over="6h")])
    early = usual(schedule=scheduled(flights(), known=lambda row: row["departs"] - timedelta(hours=2)))
    assert build(pipeline([DELAYS, crowd]), early, as_of=hour(40))[0].time_audit.self_fed == ("crowd",)
    assert build(pipeline([DELAYS]), early, as_of=hour(40))[0].time_audit.self_fed == ()


def test_what_is_online_is_named_by_dataset_and_cutoff():
    online = MemoryOnline()
    first = build(pipeline(), usual(), as_of=hour(40), online=online)[0]
    assert online.snapshot(first.views["delays"]) == first.snapshots["delays"]
    build(pipeline(), usual(), as_of=hour(30), online=online)
    assert online.snapshot(first.views["delays"]) != first.snapshots["delays"]


def test_a_second_source_that_knows_outcomes_early_is_named():
    leak = sw.Source("leak", sql="unused", key="id", event_time="lands", known_time="lands - interval 5 hours")
    view = sw.FeatureView(
        "leaky", entity="carrier", source=leak, features=[sw.mean("minutes", over="6h"), sw.count(over="6h")]
    )
    rows = [{**{k: v for k, v in row.items() if k != "delay"}, "minutes": row["delay"]} for row in landings()]
    sources = usual(leak=landed(rows, known=lambda row: row["lands"] - timedelta(hours=5)))
    found = build(pipeline([DELAYS, view]), sources, as_of=hour(40))[0].time_audit.early_facts
    assert [(fact.source, fact.column, fact.share) for fact in found] == [("leak", "minutes", 1.0)]


def test_an_outcome_among_the_inputs_is_named_by_its_column():
    outcomes = {row["id"]: row["delay"] for row in landings()}
    rows = [{**row, "delay": outcomes.get(row["id"])} for row in flights()]
    features = build(pipeline(), usual(schedule=scheduled(rows)), as_of=hour(40), inputs=(*INPUTS, "delay"))[0]
    assert [(fact.source, fact.column) for fact in features.time_audit.early_facts] == [("schedule", "delay")]


def test_a_corrected_outcome_counts_from_when_it_was_known():
    correction = {**landings()[1], "delay": 99}
    rows = landed([*landings(), correction], known=lambda row: hour(35) if row["delay"] == 99 else row["lands"])
    assert build(pipeline(), usual(landings=rows), as_of=hour(34))[1][1]["_label"] == 0
    later = build(pipeline(), usual(landings=rows), as_of=hour(36))[1][1]
    assert (later["_label"], later["_label_known_time"]) == (1, hour(35))


def test_a_repeated_prediction_takes_the_newest_version_known_in_time():
    versions = [(8, "X", -48), (8, "Y", -24), (8, "Z", 9)]  # the last one hour after the departure
    changed = [{**flights()[8], "carrier": carrier, "distance": known} for _, carrier, known in versions]
    rows = scheduled([*flights()[:8], *changed], known=lambda row: hour(row["distance"] if row["id"] == 8 else -50))
    _, trained = build(pipeline(), usual(schedule=rows), as_of=hour(40))
    assert trained[8]["carrier"] == "Y"


def over_carrier(feature, entity="carrier"):
    return sw.FeatureView("v", entity=entity, source=LANDINGS, features=[feature])


@pytest.mark.parametrize(
    ("views", "inputs", "error", "words"),
    [
        ([over_carrier(sw.count(over="6h"), entity="airline")], INPUTS, UnknownNameError, "airline"),
        ([over_carrier(sw.mean("dely", over="6h"))], INPUTS, UnknownNameError, "Did you mean 'delay'"),
        ([over_carrier(sw.mean("carrier", over="6h"))], INPUTS, MisuseError, "which is text"),
        ([over_carrier(sw.latest("lands"))], INPUTS, MisuseError, "which is time"),
        ([sw.RequestView(carrier="upper(carrier)")], INPUTS, MisuseError, "has the name of an input"),
        ([DELAYS, sw.RequestView(Carrier="distance + 1")], ("distance",), MisuseError, "an entity or a key"),
        ([sw.RequestView(id="distance + 1")], ("distance",), MisuseError, "an entity or a key"),
        ([sw.RequestView(other="upper(tailnum)")], INPUTS, DeclarationError, "tailnum"),
        ([DELAYS], (*INPUTS, "tailnum"), UnknownNameError, "tailnum"),
    ],
)
def test_what_the_data_cannot_give_is_refused_before_anything_is_computed(views, inputs, error, words):
    with pytest.raises(error, match=words):
        build(pipeline(views), usual(), inputs=inputs)


def test_an_entity_of_another_type_is_refused():
    numbered = [{**row, "carrier": row["id"] % 2} for row in landings()]
    with pytest.raises(MisuseError, match="entity 'carrier' is integer in source 'landings' and text where"):
        build(pipeline(), usual(landings=landed(numbered)))


def test_a_label_source_without_rows_is_refused():
    empty = landed(landings()).slice(0, 0)
    with pytest.raises(SourceError, match="no outcome is known"):
        build(pipeline(), usual(landings=empty))


def test_without_views_there_is_a_table_and_nothing_to_read():
    features, rows = build(pipeline([sw.RequestView(far="distance > 120")]), usual(), as_of=hour(40))
    assert (features.views, features.retrieval.ids, rows[0]["far"]) == ({}, 0, "false")


class Remembering(MemoryDerived):
    """Derived tables that remember how many were put there."""

    count = 0

    def put(self, key, table):
        super().put(key, table)
        self.count += 1


def test_a_view_is_computed_once_and_another_beside_it_computes_only_itself():
    derived, sources = Remembering(), usual()
    first, _ = build(pipeline(), sources, as_of=hour(40), derived=derived)
    assert build(pipeline(), sources, as_of=hour(40), derived=derived)[0].table == first.table
    assert derived.count == 1
    counts = sw.FeatureView("counts", entity="carrier", source=LANDINGS, features=[sw.count(over="12h")])
    second, rows = build(pipeline([DELAYS, counts]), sources, as_of=hour(40), derived=derived)
    assert derived.count == 2
    alone, others = build(pipeline([DELAYS, counts]), sources, as_of=hour(40))
    assert (second.content_id, rows) == (alone.content_id, others)
    build(pipeline(), sources, as_of=hour(41), derived=derived)
    assert derived.count == 3  # another cutoff


def test_a_training_set_rebuilt_as_of_its_creation_is_the_same_whatever_became_known_since():
    first, rows = build(pipeline(), usual(), as_of=hour(40))
    late = [{"id": 9, "carrier": "X", "lands": hour(12), "delay": 500}]
    corrections = [{**landing, "delay": 99} for landing in landings()[:20]]
    known_later = landed([*late, *corrections], known=lambda row: hour(41))
    moved = scheduled([{**flight, "carrier": "Z"} for flight in flights()[:9]], known=lambda row: hour(42))
    grown = {
        "schedule": pa.concat_tables([usual()["schedule"], moved]),
        "landings": pa.concat_tables([usual()["landings"], known_later]),
    }
    again, same_rows = build(pipeline(), grown, as_of=hour(40))
    assert (again.table.content_id, same_rows) == (first.table.content_id, rows)
    later, _ = build(pipeline(), grown, as_of=hour(60))
    unchanged, _ = build(pipeline(), usual(), as_of=hour(60))
    assert later.table.content_id != unchanged.table.content_id


def test_sources_in_parts_and_rows_in_blocks_make_the_same_feature_set(monkeypatch):
    held, rows = build(pipeline(), usual(), as_of=hour(40))
    monkeypatch.setattr("sluiceway.features.run.LargeSources", partial(LargeSources, from_rows=0, part_rows=9))
    monkeypatch.setattr("sluiceway.features.run.training_rows", partial(training_rows, block_rows=7))
    derived = Remembering()
    parted, others = build(pipeline(), usual(), as_of=hour(40), derived=derived)
    assert (parted.content_id, others) == (held.content_id, rows)
    assert parted.retrieval.unequal_offline == 0
    assert any("part-" in key for key in derived.tables)
