from tests.unit.validate.conftest import AIRPORTS

from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.example_rows import MASK
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.declare.column_rules import column
from sluiceway.declare.table_rules import reference, row, sql_check
from sluiceway.validate.gate import gate
from sluiceway.validate.page import write_page

SECRET = "Zürich Kloten"


def test_no_value_of_a_sensitive_column_is_in_report_page_or_verdict_and_counts_stay(world):
    frames = world.frames()
    for place in range(5):
        frames["schedule"][place, "dest"] = f"{SECRET} {place}"
    rules = [
        column("dest").matches("[A-Z]{3}"),
        column("dest").one_of("ATL", "ORD", "SFO", "BOS"),
        row("length(dest) = 3"),
        reference("dest", AIRPORTS),
        column("distance").between(None, 100),
    ]
    report = world.run(frames, world.frames(2), expectations=rules, hidden={"schedule": ["dest"]})
    verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
    page = world.objects.get(write_page(report, verdict, world.promise(), objects=world.objects)).decode()
    told = [encode(report).decode(), world.objects.get(report.json).decode(), page]
    told += [each.detail for each in verdict.criteria]
    assert not [text for text in told if SECRET in text]
    checks = [check for check in report.rules if "dest" in check.about]
    assert [check.broken for check in checks] == [5] * 4
    assert all(check.examples == (MASK,) for check in checks)
    for check in (*checks, next(check for check in report.rules if check.column == "distance")):
        shown = dict(zip(check.broken_rows.columns, check.broken_rows.rows[0], strict=True))
        assert shown["dest"] == MASK
        assert shown["distance"] != MASK
    assert SECRET in encode(world.run(frames, expectations=rules)).decode()


def test_a_missing_value_is_seen_to_be_missing(world):
    frames = world.frames()
    frames["schedule"][3, "dest"] = None
    report = world.run(frames, expectations=[column("dest").not_null()], hidden={"schedule": ["dest"]})
    check = next(check for check in report.rules if check.broken)
    assert dict(zip(check.broken_rows.columns, check.broken_rows.rows[0], strict=True))["dest"] is None


def test_a_number_made_of_a_sensitive_column_is_only_said_to_hold_or_not(world):
    rules = [
        column("distance").mean_between(0, 1),
        sql_check("SELECT max(distance) FROM schedule", between=(0, 10_000)),
        sql_check("SELECT max(length(dest)) FROM schedule", between=(1, 3)),
    ]
    report = world.run(world.frames(), expectations=rules, hidden={"schedule": ["distance"]})
    found = {check.name: check for check in report.rules if check.name in {rule.name for rule in rules}}
    mean, largest, plain = (found[rule.name] for rule in rules)
    assert (mean.measured, mean.holds) == (0.0, False)
    assert (largest.measured, largest.holds) == (1.0, True)
    assert (plain.measured, plain.low, plain.high) == (3.0, 1.0, 3.0)


def test_statements_that_cannot_be_followed_show_nothing_and_others_what_they_may(world):
    rules = [
        sql_check("SELECT flight_id, to_json(schedule) AS j FROM schedule WHERE distance > 0"),
        sql_check("SELECT flight_id, upper(dest) FROM schedule WHERE distance > 0"),
    ]
    report = world.run(world.frames(), expectations=rules, hidden={"schedule": ["dest"]})
    whole, plain = (next(each for each in report.rules if each.name == rule.name) for rule in rules)
    assert set(whole.broken_rows.rows[0]) == {MASK}
    assert plain.broken_rows.rows[0][0] != MASK
    assert plain.broken_rows.rows[0][1] == MASK
