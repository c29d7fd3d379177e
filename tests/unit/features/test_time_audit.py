"""The audit of times names what was known when it cannot have been."""

from datetime import timedelta

from tests.small_airline import (
    DELAYS,
    INPUTS,
    SCHEDULE,
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
