import json
import math
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sluiceway.artifacts.codec import decode
from sluiceway.core.verdict import NO_OVERRIDES, Outcome
from sluiceway.declare.column_rules import column
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import fresh, reference, row, rows, rows_change, sql_check, unique
from sluiceway.validate.gate import gate
from sluiceway.validate.measured import SCHEMA_VERSION, Measured, report_schema
from sluiceway.validate.rules import exact_mean


def rule(report, name, source="schedule"):
    return next(check for check in report.rules if check.source == source and check.name == name)


def judged(world, report, **limits):
    return gate(report, world.promise(**limits), NO_OVERRIDES, world.now)


def stopped(world, report, **limits):
    return [criterion.name for criterion in judged(world, report, **limits).closed]


def test_clean_rows_pass_every_check_and_open_the_gate(world):
    report = world.run(world.frames(1), world.frames(2), as_of=world.now)
    assert stopped(world, report) == []
    assert len(report.rules) == 4 + 4 + 5
    assert {check.source for check in report.drift} == {"schedule", "landings"}


def test_no_reference_is_recorded_and_opens(world):
    verdict = judged(world, world.run(world.frames(), as_of=world.now))
    assert verdict.is_open
    assert [each.name for each in verdict.criteria if each.outcome is Outcome.NO_REFERENCE] == [
        "drift",
        "class share of late: relative change",
    ]


def test_reports_are_stored_under_the_content_id_and_read_back(world):
    report = world.run(world.frames(), as_of=world.now)
    assert report.json == f"reports/validation-{report.content_id[:12]}.json"
    stored = decode(Measured, world.objects.get(report.json))
    assert stored.report == report
    assert {each.column for each in stored.histograms} >= {"schedule.distance", "landings.arr_delay"}
    assert [each.key for each in world.objects.list()] == [report.json]


def test_every_stored_report_keeps_the_published_schema(world):
    validator = Draft202012Validator(json.loads(report_schema()))
    bent = world.frames(1)
    bent["schedule"] = bent["schedule"].with_columns(distance=pl.col("distance") * 9, origin=pl.lit(None, pl.String))
    empty = {name: frame.clear() for name, frame in world.frames().items()}
    rules = [column("*").mean_within(0.1), column("distance").quantiles_within(0.1), column("origin").like("rolling")]
    for now, then in ((world.frames(), None), (bent, world.frames(2)), (empty, world.frames(2)), (bent, empty)):
        report = world.run(now, then, as_of=world.now, expectations=rules)
        stored = json.loads(world.objects.get(report.json))
        assert [error.message for error in validator.iter_errors(stored)] == []
        assert stored["schema"] == SCHEMA_VERSION
        assert stored["report"]["dataset"] == report.dataset


def test_the_same_rows_give_the_same_content_id_and_others_another(world):
    first, again = (world.run(world.frames(1), world.frames(2)) for _ in range(2))
    assert first.content_id == again.content_id
    assert world.run(world.frames(3), world.frames(2)).content_id != first.content_id


RULES = (
    column("distance").mean_between(0, 10),
    column("distance").between(1, 2),
    column("delay").between(1, 2),
    row("delay > 1"),
)


@given(st.randoms(use_true_random=False), st.integers(1, 7), st.integers(1, 700))
@settings(max_examples=12, deadline=None)
def test_neither_the_rows_order_nor_their_chunks_change_a_report(new_world, random, seed, size):
    frames, reports = {}, []
    rng = np.random.default_rng(seed)
    for side in ("now", "then"):
        frames[side] = new_world().frames(seed, 701)
        distance, delay = rng.lognormal(0, 12, 701), rng.choice([-0.0, 0.0, 0.1, 7.3], 701)
        frames[side]["schedule"] = frames[side]["schedule"].with_columns(distance=distance, delay=delay)
    for shuffled in (False, True):
        world = new_world()
        sides = []
        for tables in frames.values():
            order = list(range(701))
            if shuffled:
                random.shuffle(order)
            sides.append({name: chunked(rows, order, size) for name, rows in tables.items()})
        report = world.run(*sides, expectations=RULES, landings=(column("arr_delay").mean_between(-1, 1),))
        reports.append((report, world.objects.get(report.json)))
    assert reports[0][0].content_id == reports[1][0].content_id
    assert reports[0] == reports[1]


def chunked(rows, order, size):
    if len(rows) != len(order):
        return rows
    parts = [rows[order[start : start + size]] for start in range(0, len(order), size)]
    return pl.concat(parts, rechunk=False)


@given(st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=50), st.data())
@settings(deadline=None)
def test_a_mean_is_the_exact_one_rounded_whatever_the_order(values, data):
    shuffled = data.draw(st.permutations(values))
    exact = sum(map(Fraction, values)) / len(values)
    assert exact_mean(pl.Series(shuffled)) == exact_mean(pl.Series(values))
    assert exact_mean(pl.Series(values)) == pytest.approx(float(exact), rel=1e-15, abs=1e-300)


def test_integers_are_averaged_and_missing_ones_left_out():
    assert exact_mean(pl.Series([1, None, 2])) == 1.5


@pytest.mark.parametrize(
    "values", [[], [None], [float("inf"), -float("inf")], [1e308, 1e308, 1e308], [float("nan"), 1]]
)
def test_a_mean_that_is_no_number_is_nan(values):
    assert math.isnan(exact_mean(pl.Series(values, dtype=pl.Float64)))


BREAKS = {
    "schedule: origin is one of": {"origin": pl.lit("XXX")},
    "schedule: distance between 1 and 6000": {"distance": pl.lit(9000.0)},
    "schedule: row: scheduled_arrival > scheduled_departure": {"scheduled_arrival": pl.col("scheduled_departure")},
    "schedule: dest refers to airports.faa": {"dest": pl.lit("ZZZ")},
    "schedule: key flight_id is not missing": {"flight_id": pl.lit(None, pl.String)},
    "schedule: event time is not missing": {"_event_time": pl.lit(None, pl.Datetime("us", "UTC"))},
    "schedule: known time is not missing": {"_known_time": pl.lit(None, pl.Datetime("us", "UTC"))},
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_planted_fault_stops_the_gate_by_name_and_is_shown(world, name):
    frames = world.frames()
    spoilt = pl.int_range(pl.len()) % 20 == 0
    bent = {each: pl.when(spoilt).then(value).otherwise(each) for each, value in BREAKS[name].items()}
    frames["schedule"] = frames["schedule"].with_columns(**bent)
    report = world.run(frames, as_of=world.now)
    assert [each for each in stopped(world, report) if each.startswith(name)]
    check = next(check for check in report.rules if f"{check.source}: {check.name}".startswith(name))
    assert check.broken == 75
    assert check.measured == pytest.approx(0.95)


def test_examples_are_the_broken_values(world):
    frames = world.frames()
    frames["schedule"][3, "origin"] = "YYZ"
    frames["schedule"][4, "scheduled_arrival"] = frames["schedule"][4, "scheduled_departure"]
    report = world.run(frames)
    assert next(check for check in report.rules if check.column == "origin").examples == ("YYZ",)
    shown = rule(report, "row: scheduled_arrival > scheduled_departure").examples
    assert len(shown) == 1
    assert "scheduled_arrival=2013-03-01T03:40:00Z" in shown[0]


def test_a_fact_told_twice_at_one_known_time_stops_but_a_correction_is_allowed(world):
    name = "schedule: (flight_id) is told once per known time"
    frames = world.frames()
    once = frames["schedule"].head(1)
    frames["schedule"] = pl.concat([frames["schedule"], once])
    assert name in stopped(world, world.run(frames))
    later = once.with_columns(pl.col("_known_time").dt.offset_by("1h"))
    frames["schedule"] = pl.concat([world.frames()["schedule"], later])
    assert name not in stopped(world, world.run(frames))


def test_known_before_true_stops_unless_known_time_was_declared(world):
    frames = world.frames()
    frames["landings"] = frames["landings"].with_columns(pl.col("_known_time").dt.offset_by("-1h"))
    names = stopped(world, world.run(frames))
    assert "landings: nothing is known before it is true" in names
    assert not [name for name in names if name.startswith("schedule: nothing is known")]


def test_a_missing_column_is_a_failed_check_that_says_so(world):
    frames = world.frames()
    frames["schedule"] = frames["schedule"].drop("distance", "scheduled_arrival")
    report = world.run(frames)
    assert "no column 'distance'" in rule(report, "distance between 1 and 6000").note
    assert "no column 'scheduled_arrival'" in rule(report, "row: scheduled_arrival > scheduled_departure").note
    assert "schedule: distance between 1 and 6000" in stopped(world, report)


def test_a_missing_times_column_is_a_failed_check_that_says_so(world):
    frames = world.frames()
    frames["landings"] = frames["landings"].drop("_known_time")
    assert "landings: _known_time is there" in stopped(world, world.run(frames))


def test_a_missing_table_stops_every_check_of_its_source(world):
    frames = world.frames()
    del frames["schedule"]
    report = world.run(frames)
    assert {"schedule: distance between 1 and 6000", "schedule: flight_id is there"} <= set(stopped(world, report))


def test_an_empty_table_is_no_evidence_and_stops(world):
    frames = {name: frame.clear() for name, frame in world.frames().items()}
    report = world.run(frames, as_of=world.now)
    assert all(check.measured is None for check in report.rules)
    assert {check.note for check in report.rules} == {"the table is empty"}
    names = stopped(world, report)
    assert len(names) == len(report.rules) + 2
    assert "schedule: age of the newest row in seconds" in names
    assert "class share of late: relative change" in names


def test_a_column_without_values_is_no_evidence_and_stops(world):
    frames = world.frames()
    frames["schedule"] = frames["schedule"].with_columns(distance=pl.lit(None, pl.Float64))
    report = world.run(frames)
    check = rule(report, "distance between 1 and 6000")
    assert (check.measured, check.note) == (None, "every value is missing")


def test_missing_values_break_only_not_null(world):
    frames = world.frames()
    third = pl.int_range(pl.len()) % 3 == 0
    frames["schedule"] = frames["schedule"].with_columns(
        pl.when(third).then(None).otherwise("distance").alias("distance")
    )
    rules = [column("distance").between(1, 6000), column("distance").not_null(at_least=0.5), row("distance > 0")]
    report = world.run(frames, expectations=rules)
    assert rule(report, "distance between 1 and 6000").measured == 1.0
    assert rule(report, "distance is not missing").measured == pytest.approx(2 / 3)
    assert rule(report, "row: distance > 0").rows == 1000


def test_nan_counts_as_missing_and_breaks_bounds(world):
    frames = world.frames()
    frames["schedule"][0, "distance"] = float("nan")
    rules = [
        column("distance").not_null(),
        column("distance").between(1, 6000),
        column("distance").mean_between(1, 9000),
    ]
    report = world.run(frames, expectations=rules)
    assert rule(report, "distance is not missing").broken == 1
    assert rule(report, "distance between 1 and 6000").broken == 1
    assert rule(report, "mean of distance between 1 and 9000").measured is None
    assert "schedule: mean of distance between 1 and 9000" in stopped(world, report)


@pytest.mark.parametrize(
    ("expectation", "broken"),
    [
        (column("flight_id").unique(), 0),
        (column("origin").unique(), 1497),
        (column("flight_id").matches(r"f\d+"), 0),
        (column("flight_id").matches(r"f\d"), 1490),
        (column("origin").is_a("text"), 0),
        (column("origin").is_a("number"), 1500),
        (column("origin").one_of(1, 2), 1500),
        (column("distance").one_of("a"), 1500),
    ],
)
def test_each_kind_of_rule_counts_what_breaks_it(world, expectation, broken):
    report = world.run(world.frames(), expectations=[expectation])
    assert rule(report, expectation.name).broken == broken


@pytest.mark.parametrize(
    "expectation",
    [column("origin").between(1, 2), column("distance").matches("a"), column("origin").mean_between(0, 1)],
)
def test_a_rule_that_does_not_fit_the_columns_kind_says_so(world, expectation):
    check = rule(world.run(world.frames(), expectations=[expectation]), expectation.name)
    assert check.measured is None
    assert "the rule needs" in check.note


def test_a_mean_is_judged_by_its_bounds(world):
    inside, outside = column("distance").mean_between(500, 1500), column("distance").mean_between(5000, 6000)
    names = stopped(world, world.run(world.frames(), expectations=[inside, outside], as_of=world.now))
    assert names == ["schedule: mean of distance between 5000 and 6000"]


def test_a_reference_to_a_column_that_is_not_there_says_so(world):
    frames = world.frames()
    frames["airports"] = frames["airports"].rename({"faa": "code"})
    assert "has no column 'faa'" in rule(world.run(frames), "dest refers to airports.faa").note


def test_a_reference_among_other_types_compares_by_the_keys_type(world):
    frames = world.frames()
    frames["schedule"] = frames["schedule"].with_columns(gate=pl.int_range(pl.len()) % 5)
    frames["airports"] = pl.DataFrame({"faa": ["0", "1", "2", "3"], "name": ["a", "b", "c", "d"]})
    other = Source("airports", files("a.csv"), key="faa")
    check = rule(world.run(frames, expectations=[reference("gate", other)]), "gate refers to airports.faa")
    assert (check.broken, check.examples) == (300, ("4",))


def test_rows_known_after_as_of_are_left_out(world):
    frames = world.frames()
    early = world.start + timedelta(days=10)
    report = world.run(frames, world.frames(2), as_of=early)
    expected = (frames["landings"]["_known_time"] <= early).sum()
    assert report.class_shares[0].rows == expected
    assert rule(report, "known time is not missing", "landings").rows == expected
    assert report.class_shares[0].reference_rows == expected


def test_freshness_counts_from_as_of(world):
    newest = world.frames()["schedule"]["_known_time"].max()
    report = world.run(world.frames(), expectations=[fresh(within="2d")])
    assert report.freshness[0].newest == newest


def test_a_shifted_column_stops_by_name_and_the_others_do_not(world):
    frames = world.frames(1)
    frames["schedule"] = frames["schedule"].with_columns(pl.col("distance") * 1.3)
    names = stopped(world, world.run(frames, world.frames(2), as_of=world.now))
    assert names == ["schedule: drift of distance (Kolmogorov-Smirnov)", "schedule: shift of the mean of distance"]


def test_shifted_categories_stop_by_name(world):
    frames = world.frames(1)
    frames["schedule"] = frames["schedule"].with_columns(
        origin=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("JFK")).otherwise("origin")
    )
    names = stopped(world, world.run(frames, world.frames(2), as_of=world.now))
    assert names == ["schedule: drift of origin (chi-square)"]


def test_a_shifted_class_share_stops(world):
    frames = world.frames(1)
    frames["landings"] = frames["landings"].with_columns(pl.col("arr_delay") + 8)
    names = stopped(world, world.run(frames, world.frames(2), as_of=world.now))
    assert "class share of late: relative change" in names


def test_few_rows_say_what_they_would_have_shown_and_fewer_are_inconclusive(world):
    verdict = judged(world, world.run(world.frames(1, size=40), world.frames(2, size=150)))
    drift = [each for each in verdict.criteria if "drift of" in each.name]
    assert {each.outcome for each in drift} == {Outcome.PASSED}
    assert next(each.detail for each in drift if "distance" in each.name).endswith("; 40 rows show no less than 0.283")
    verdict = judged(world, world.run(world.frames(1, size=37), world.frames(2, size=150)))
    drift = [each for each in verdict.criteria if "drift of" in each.name]
    assert {each.outcome for each in drift} == {Outcome.INCONCLUSIVE}
    assert all("insufficient data: 37 against 150; it takes 38" in each.detail for each in drift)


def test_keys_and_times_are_not_compared_and_many_categories_are_passed_over_with_a_note(world):
    then, now = world.frames(2), world.frames(1)
    for frames in (then, now):
        frames["schedule"] = frames["schedule"].with_columns(tail=pl.col("flight_id"))
    report = world.run(now, then)
    compared = {check.column: check for check in report.drift if check.source == "schedule"}
    assert set(compared) == {"origin", "dest", "distance", "tail"}
    assert compared["tail"].test == "none"
    assert compared["tail"].note == "1,500 categories, more than 1,000: not compared"


def test_a_column_the_reference_lacks_has_no_reference(world):
    then = world.frames(2)
    then["schedule"] = then["schedule"].drop("distance")
    verdict = judged(world, world.run(world.frames(1), then))
    outcome = next(each.outcome for each in verdict.criteria if "drift of distance" in each.name)
    assert outcome is Outcome.NO_REFERENCE


def test_a_column_that_changed_its_kind_is_inconclusive(world):
    then = world.frames(2)
    then["schedule"] = then["schedule"].with_columns(pl.col("distance").cast(pl.String))
    report = world.run(world.frames(1), then)
    check = next(check for check in report.drift if check.column == "distance")
    assert check.note == "it was text and is number now"
    assert "schedule: drift of distance (Kolmogorov-Smirnov)" in stopped(world, report)


def test_a_number_that_went_missing_is_compared_by_presence(world):
    now = world.frames(1)
    now["schedule"] = now["schedule"].with_columns(distance=pl.lit(None, pl.Float64))
    report = world.run(now, world.frames(2), expectations=[column("origin").not_null()])
    check = next(check for check in report.drift if check.column == "distance")
    assert (check.test, check.effect) == ("chi2", pytest.approx(1.0))


def test_infinite_values_are_judged_without_an_exception(world):
    frames = world.frames(1)
    for place in range(3):
        frames["schedule"][place, "distance"] = float("inf")
    rules = [column("distance").between(1, 6000), column("distance").mean_between(1, 9000)]
    report = world.run(frames, world.frames(2), expectations=rules)
    assert rule(report, "distance between 1 and 6000").broken == 3
    assert rule(report, "mean of distance between 1 and 9000").note == "the mean is inf"


def test_an_unchanged_table_has_not_drifted(world):
    report = world.run(world.frames(1), world.frames(1))
    assert {check.effect for check in report.drift} == {0.0}


EVERY_RULE = [
    column("origin").one_of("EWR", "JFK", at_least=0.5),
    column("dest").none_of("ATL", on_failure="warn"),
    column("distance").between(300, None),
    column("distance").mean_between(None, 100),
    column("flight_id").unique(),
    column("flight_id").contains("7"),
    column("dest").not_null(),
    unique("origin", "dest", "distance"),
    row("distance > 900"),
    rows(between=(1, None)),
    rows_change(at_most=0.01),
    sql_check("SELECT origin, sum(distance) AS total FROM schedule GROUP BY origin"),
    sql_check("SELECT stddev(l.arr_delay) FROM schedule s JOIN landings l USING (flight_id)", between=(0, None)),
]


@settings(deadline=None, max_examples=15)
@given(order=st.randoms(use_true_random=False), cuts=st.lists(st.integers(1, 299), max_size=6))
def test_a_verdict_never_depends_on_the_order_of_rows_or_on_how_they_are_cut_into_pieces(new_world, order, cuts):
    frames, then = new_world().frames(1, size=300), new_world().frames(2, size=310)
    frames["schedule"][5, "dest"] = None
    frames["schedule"][6, "flight_id"] = "f7"
    frames["schedule"][8, "distance"] = 0.1
    places = list(range(300))
    order.shuffle(places)
    edges = sorted({0, 300, *cuts})
    turned = dict(frames)
    for name in ("schedule", "landings"):
        shuffled = frames[name][places]
        pieces = [shuffled.slice(start, end - start) for start, end in pairwise(edges)]
        turned[name] = pl.concat(pieces, rechunk=False)
    plain, other = new_world(), new_world()
    first = plain.run(frames, then, expectations=EVERY_RULE, as_of=plain.now)
    second = other.run(turned, then, expectations=EVERY_RULE, as_of=plain.now)
    assert replace(first, json="") == replace(second, json="")
    assert judged(plain, first) == judged(other, second)
    assert sum(check.broken > 0 for check in first.rules) >= 9
