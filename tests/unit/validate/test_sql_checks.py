import pytest

from sluiceway.artifacts.example_rows import MASK
from sluiceway.core.errors import SourceError
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.declare.table_rules import sql_check
from sluiceway.validate.gate import gate

LATE = "SELECT s.flight_id, l.arr_delay FROM schedule s JOIN landings l USING (flight_id) WHERE l.arr_delay > 100"
MEAN = "SELECT avg(distance) FROM schedule"


def measured(world, rule, **how):
    report = world.run(world.frames(), expectations=[rule], **how)
    closed = {each.name for each in gate(report, world.promise(), NO_OVERRIDES, world.now).closed}
    check = next(check for check in report.rules if check.name == rule.name)
    return check, f"schedule: {rule.name}" in closed


def test_a_statement_that_finds_rows_stops_and_shows_them(world):
    check, stopped = measured(world, sql_check(LATE, name="very late"))
    frame = world.frames()["landings"]
    assert stopped
    assert check.name == "sql: very late"
    assert check.broken == check.measured == (frame["arr_delay"] > 100).sum()
    assert check.broken_rows.columns == ("flight_id", "arr_delay")
    assert len(check.broken_rows.rows) == min(20, check.broken)


def test_a_statement_that_finds_nothing_passes(world):
    check, stopped = measured(world, sql_check(LATE.replace("100", "100000")))
    assert (check.measured, stopped) == (0, False)


def test_one_number_between_limits_passes_and_beyond_them_stops(world):
    mean = world.frames()["schedule"]["distance"].mean()
    assert measured(world, sql_check(MEAN, between=(mean - 1, mean + 1)))[1] is False
    check, stopped = measured(world, sql_check(MEAN, between=(None, mean - 1)))
    assert stopped
    assert check.measured == pytest.approx(mean)


def test_no_number_stops_and_several_are_an_error(world):
    assert measured(world, sql_check(f"{MEAN} WHERE false", between=(0, 1)))[1]
    with pytest.raises(SourceError, match="must give one number, it gives 1,500 rows of 1 columns"):
        measured(world, sql_check("SELECT distance FROM schedule", between=(0, 1)))


def test_two_statements_under_one_name_are_two_checks(world):
    def digest(sql):
        report = world.run(world.frames(), expectations=[sql_check(sql, name="mine")])
        verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
        return next(each.check for each in verdict.criteria if each.name == "schedule: sql: mine")

    assert digest(LATE) == digest(LATE)
    assert digest(LATE) != digest(MEAN)


def test_what_comes_of_a_sensitive_column_is_masked(world):
    check, _ = measured(world, sql_check(LATE), hidden={"landings": ["arr_delay"]})
    assert {row[1] for row in check.broken_rows.rows} == {MASK}
    assert all(row[0].startswith("f") for row in check.broken_rows.rows)
    renamed = LATE.replace("l.arr_delay FROM", "round(l.arr_delay) AS minutes FROM")
    check, _ = measured(world, sql_check(renamed), hidden={"landings": ["arr_delay"]})
    assert {row[1] for row in check.broken_rows.rows} == {MASK}
