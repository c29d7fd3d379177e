import polars as pl
import pytest

from sluiceway.core.verdict import NO_OVERRIDES, Outcome
from sluiceway.declare.column_rules import column
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import reference, row, unique
from sluiceway.validate.gate import gate


def measured(world, rule, change=None, **how):
    frames = world.frames(size=1500)
    if change is not None:
        frames["schedule"] = frames["schedule"].with_columns(change)
    report = world.run(frames, expectations=[rule], **how)
    return next(check for check in report.rules if check.name == rule.name), report


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (column("distance").between(1000, None), lambda frame: (frame["distance"] < 1000).sum()),
        (column("distance").between(None, 1000), lambda frame: (frame["distance"] > 1000).sum()),
        (column("origin").between("F", None), lambda frame: (frame["origin"] < "F").sum()),
        (column("dest").none_of("ATL"), lambda frame: (frame["dest"] == "ATL").sum()),
        (column("dest").contains("T"), lambda frame: (~frame["dest"].str.contains("T")).sum()),
        (column("dest").matches("T"), lambda frame: 1500),
        (unique("origin", "dest"), lambda frame: 1500 - 12),
    ],
)
def test_broken_rows_are_counted(world, rule, broken):
    check, _ = measured(world, rule)
    expected = broken(world.frames(size=1500)["schedule"])
    assert (check.broken, check.rows) == (expected, 1500)
    assert check.measured == (1500 - expected) / 1500


def test_times_are_compared_with_a_moment(world):
    middle = world.frames(size=1500)["schedule"]["scheduled_departure"][700]
    check, _ = measured(world, column("scheduled_departure").between(middle.isoformat(), None))
    assert check.broken == 700


def test_rows_that_lack_one_of_several_columns_are_not_judged_as_unique(world):
    nobody = pl.when(pl.col("flight_id") < "f2").then(None).otherwise(pl.col("origin")).alias("origin")
    check, _ = measured(world, unique("origin", "flight_id"), nobody)
    assert (check.broken, check.measured) == (0, 1.0)
    assert check.rows == world.frames(size=1500)["schedule"].filter(pl.col("flight_id") >= "f2").height


def test_up_to_twenty_whole_rows_are_shown_the_key_first_then_what_the_rule_is_about(world):
    check, _ = measured(world, column("distance").between(1000, None), as_of=world.now)
    shown = check.broken_rows
    assert shown.columns == ("flight_id", "distance", "_event_time", "_known_time")
    assert len(shown.rows) == 20
    frame = world.frames(size=1500)["schedule"].filter(pl.col("distance") < 1000).sort("flight_id")
    assert [row[0] for row in shown.rows] == frame["flight_id"].head(20).to_list()
    assert shown.rows[0][2] == frame["_event_time"][0].isoformat().replace("+00:00", "Z")


def test_missing_values_and_repeated_values_have_example_rows_too(world):
    lost = pl.when(pl.col("flight_id") == "f7").then(None).otherwise(pl.col("dest")).alias("dest")
    check, _ = measured(world, column("dest").not_null(), lost)
    assert [row[:2] for row in check.broken_rows.rows] == [("f7", None)]
    twice = pl.when(pl.col("flight_id") == "f8").then(pl.lit("f9")).otherwise(pl.col("flight_id")).alias("flight_id")
    check, _ = measured(world, column("flight_id").unique(), twice)
    assert [row[0] for row in check.broken_rows.rows] == ["f9", "f9"]
    assert check.examples == ("f9",)


def test_a_condition_shows_the_rows_that_break_it(world):
    check, _ = measured(world, row("distance > 1000"))
    shown = check.broken_rows
    assert shown.columns[:2] == ("flight_id", "distance")
    below = world.frames(size=1500)["schedule"].filter(pl.col("distance") <= 1000).sort("flight_id")
    assert [row[0] for row in shown.rows] == below["flight_id"].head(20).to_list()


def test_a_rule_that_warns_is_told_and_closes_nothing(world):
    _, report = measured(world, column("distance").between(1000, None, on_failure="warn"))
    verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
    told = next(each for each in verdict.criteria if "distance at least 1000" in each.name)
    assert told.outcome is Outcome.WARNED
    assert "rows break it, such as" in told.detail
    assert verdict.is_open
    assert verdict.outcome is Outcome.WARNED


def test_a_warning_about_what_cannot_be_measured_is_a_warning_too(world):
    _, report = measured(world, column("gone").not_null(on_failure="warn"))
    told = next(each for each in gate(report, world.promise(), NO_OVERRIDES, world.now).criteria if "gone" in each.name)
    assert told.outcome is Outcome.WARNED
    assert "there is no column 'gone'" in told.detail


def test_rules_that_quarantine_are_measured_over_all_rows_and_the_others_over_those_that_are_left(world):
    frames = world.frames(size=1500)
    apart = frames["schedule"].head(15).with_columns(distance=pl.lit(9000.0), _broken_rules=pl.lit("distance"))
    frames["schedule"] = frames["schedule"].slice(15)
    rules = [
        column("distance").between(1, 6000, at_least=0.98, on_failure="quarantine"),
        column("distance").between(None, 8000),
    ]
    report = world.run(frames, expectations=rules, quarantine={"schedule": apart})
    by_name = {check.name: check for check in report.rules}
    whole, left = by_name["distance between 1 and 6000"], by_name["distance at most 8000"]
    assert (whole.rows, whole.broken, whole.measured) == (1500, 15, 0.99)
    assert (left.rows, left.broken) == (1485, 0)
    verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
    told = next(each for each in verdict.criteria if "between 1 and 6000" in each.name)
    assert told.outcome is Outcome.PASSED
    assert "15 of 1,500 rows break it" in told.detail
    assert told.detail.endswith("they are in quarantine/schedule")


def test_more_rows_in_quarantine_than_the_rule_allows_close_the_gate(world):
    frames = world.frames(size=1500)
    apart = frames["schedule"].head(45).with_columns(distance=pl.lit(9000.0), _broken_rules=pl.lit("distance"))
    frames["schedule"] = frames["schedule"].slice(45)
    rule = column("distance").between(1, 6000, at_least=0.98, on_failure="quarantine")
    report = world.run(frames, expectations=[rule], quarantine={"schedule": apart})
    closed = [each.name for each in gate(report, world.promise(), NO_OVERRIDES, world.now).closed]
    assert f"schedule: {rule.name}" in closed


def test_a_reference_of_two_columns_counts_and_shows_what_dangles(world):
    frames = world.frames()
    frames["airports"] = pl.DataFrame({"faa": ["ATL", "ORD", "SFO"] * 2, "side": ["EWR"] * 3 + ["JFK"] * 3})
    gates = Source("airports", files("a.csv"), key=("faa", "side"))
    project = world.project([reference(("dest", "origin"), gates)])
    report = world.run(frames, expectations=list(project.source("schedule").expectations), airports=gates)
    [check] = [each for each in report.rules if "refers to" in each.name]
    known = set(zip(frames["airports"]["faa"], frames["airports"]["side"], strict=True))
    pairs = list(zip(frames["schedule"]["dest"], frames["schedule"]["origin"], strict=True))
    assert check.name == "(dest, origin) refers to airports.(faa, side)"
    assert check.broken == sum(pair not in known for pair in pairs)
    assert check.rows == 1500
    assert check.examples[0] == "(ATL, LGA)"
    assert check.broken_rows.columns[:3] == ("flight_id", "dest", "origin")


def test_a_reference_to_a_key_that_lacks_a_column_says_so(world):
    gates = Source("airports", files("a.csv"), key=("faa", "side"))
    report = world.run(world.frames(), expectations=[reference(("dest", "origin"), gates)], airports=gates)
    [check] = [each for each in report.rules if "refers to" in each.name]
    assert check.note == "source 'airports' has no column '(faa, side)'"
    assert check.measured is None
