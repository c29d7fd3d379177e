from datetime import UTC, datetime

import pyarrow as pa

import sluiceway as sw
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.artifacts.serving_contract import Field, RequestFeature
from sluiceway.declare.expression import parse_expression
from sluiceway.features.contract import serving_contract
from sluiceway.plans.served_view import served

SCHEDULE = sw.Source("schedule", sql="unused", key=("flight", "carrier", "leg"), event_time="departs")
LANDINGS = sw.Source("landings", sql="unused", key=("flight", "carrier", "leg"), event_time="lands")
BY_PAIR = sw.FeatureView("by_pair", entity=("origin", "carrier"), source=LANDINGS, features=[sw.count(over="1h")])
BY_TAIL = sw.FeatureView("by_tail", entity="tail", source=LANDINGS, features=[sw.latest("delay")], ttl="1d")
HOUR = "hour(Departs)"
ROW = {
    "flight": 7, "carrier": "AA", "leg": 1, "origin": "JFK", "tail": "N1", "miles": 10.5, "abroad": False,
    "departs": datetime(2024, 1, 1, tzinfo=UTC),
}  # fmt: skip


def contract_of(*views, inputs):
    tables = MemoryTables()
    each = tables.write("sources/schedule", pa.Table.from_pylist([ROW]))
    landed = tables.write("sources/landings", pa.Table.from_pylist([ROW | {"delay": 3}]))
    label = sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="1h")
    pipeline = sw.Pipeline(spec="spec.yaml", views=list(views), label=label, model=lambda trial: trial)
    return serving_contract(DatasetVersion((), (each, landed), RestoreReport(0.0, 0, 0, 0, ())), pipeline, inputs)


def test_inputs_come_first_in_the_specs_order_and_then_the_entities_that_are_none():
    made = contract_of(BY_PAIR, BY_TAIL, inputs=("miles", "carrier", "departs", "abroad"))
    assert made.inputs == (
        Field("miles", "number"), Field("carrier", "text"), Field("departs", "time"), Field("abroad", "boolean"),
        Field("origin", "text"), Field("tail", "text"),
    )  # fmt: skip
    assert made.entities == ("origin", "carrier", "tail")


def test_the_key_is_what_a_caller_need_not_give():
    made = contract_of(BY_PAIR, inputs=("miles",))
    assert made.key == (Field("flight", "integer"), Field("leg", "integer"))
    assert contract_of(inputs=("flight", "carrier", "leg")).key == ()


def test_views_and_request_features_stand_in_the_order_declared():
    made = contract_of(
        sw.RequestView(far="miles > 9", hour=HOUR), BY_TAIL, BY_PAIR, inputs=("departs", "miles")
    )  # fmt: skip
    assert made.views == (served(BY_TAIL), served(BY_PAIR))
    assert made.request == (
        RequestFeature("far", "miles > 9", parse_expression("miles > 9").tree),
        RequestFeature("hour", HOUR, parse_expression(HOUR).tree),
    )


def test_a_request_feature_says_what_it_reads_beside_the_request_and_of_which_kind():
    ratio = {"ratio": "BY_TAIL__latest_delay / miles", "large": "ratio > 2", "half": "ratio / 2"}
    made = contract_of(BY_TAIL, sw.RequestView(**ratio), inputs=("departs", "miles"))
    assert [feature.reads for feature in made.request] == [
        (Field("by_tail__latest_delay", "number"),), (Field("ratio", "number"),), (Field("ratio", "number"),),
    ]  # fmt: skip
    plain = contract_of(BY_TAIL, sw.RequestView(far="miles > 9"), inputs=("departs", "miles"))
    assert plain.meaning["request"] == [{"name": "far", "text": "miles > 9", "tree": plain_tree("miles > 9")}]


def plain_tree(text):
    def lists(node):
        return [lists(part) for part in node] if isinstance(node, tuple) else node

    return lists(parse_expression(text).tree)


def test_inputs_and_features_that_come_of_sensitive_columns_are_not_logged():
    hidden = {"schedule": frozenset({"miles", "departs"}), "landings": frozenset({"delay"})}
    tables = MemoryTables()
    each = tables.write("sources/schedule", pa.Table.from_pylist([ROW]))
    landed = tables.write("sources/landings", pa.Table.from_pylist([ROW | {"delay": 3}]))
    label = sw.Label("late", LANDINGS, "delay > 30", each=SCHEDULE, at="departs", matures="1h")
    views = [
        BY_PAIR,
        BY_TAIL,
        sw.RequestView(hour=HOUR, abroad_too="abroad", more="by_tail__latest_delay + 1", most="more"),
    ]
    pipeline = sw.Pipeline(spec="spec.yaml", views=views, label=label, model=lambda trial: trial)
    dataset = DatasetVersion((), (each, landed), RestoreReport(0.0, 0, 0, 0, ()))
    inputs = ("miles", "carrier", "departs", "abroad")
    made = serving_contract(dataset, pipeline, inputs, lambda source: hidden.get(source, frozenset()))
    assert made.unlogged == ("miles", "departs", "by_tail__latest_delay", "hour", "more", "most")
    plain = serving_contract(dataset, pipeline, inputs)
    assert plain.unlogged == ()
    assert "unlogged" not in plain.meaning
    assert made.meaning != plain.meaning
