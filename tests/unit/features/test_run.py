"""The stage from end to end on a small airline."""

from functools import partial

import pyarrow as pa
import pytest
from tests.small_airline import (
    DELAYS,
    LANDINGS,
    NOW,
    build,
    flights,
    hour,
    landed,
    landings,
    pipeline,
    scheduled,
    usual,
)

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_derived import MemoryDerived
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.core.errors import SourceError
from sluiceway.features.large_sources import LargeSources
from sluiceway.features.training_rows import training_rows
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.served_view import served


def test_the_cutoff_is_the_newest_known_outcome_unless_it_is_given():
    assert build(pipeline(), usual())[0].cutoff == hour(61)


def test_an_outcome_that_claims_to_be_known_in_the_future_moves_no_cutoff():
    ahead = [*landings(), {**landings()[-1], "id": 9999, "lands": hour(24 * 365 * 200)}]
    assert build(pipeline(), usual(landings=landed(ahead)))[0].cutoff == hour(61)


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


def test_what_is_online_is_named_by_dataset_and_cutoff():
    online = MemoryOnline()
    first = build(pipeline(), usual(), as_of=hour(40), online=online)[0]
    assert online.snapshot(first.views["delays"]) == first.snapshots["delays"]
    build(pipeline(), usual(), as_of=hour(30), online=online)
    assert online.snapshot(first.views["delays"]) != first.snapshots["delays"]


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
