from dataclasses import replace
from datetime import UTC, datetime

from sluiceway.artifacts.health_report import ALERT, Alert, Interval, Performance, Traffic, Window
from sluiceway.declare.spec import Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.pages.page import Gallery, Note, Table
from sluiceway.pages.performance_blocks import DailyCost, performance_blocks

SPEC = Spec(
    ProblemStatement("late", "Late?", "ops"), Target("binary", "late", 1), (), Costs("USD", 180, 30), Metric("f_beta"),
    ServiceLevel(50, 0.999),
)  # fmt: skip
SCORED = Performance(
    26_000,
    0.925,
    5000,
    0.4891,
    0.4152,
    Interval(0.178, 0.0, 0.43),
    17.41,
    10.41,
    Interval(0.672, 0.526, None),
    182_500.4,
)
NOVEMBER, DECEMBER, JANUARY = (datetime(2013 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in (10, 11, 12))
COST = Alert(ALERT, "cost", "cost per row", "", 0.67, 0.05, datetime(2013, 12, 2, tzinfo=UTC))
QUIET = Window(NOVEMBER, DECEMBER, Traffic(1, 0, 1.0, 1.0, 1.0), (), None, SCORED, ())
LOUD = Window(DECEMBER, JANUARY, Traffic(1, 0, 1.0, 1.0, 1.0), (), None, SCORED, (COST,))
THEN, NOW = DailyCost(("2013-10-01",), (10.0,)), DailyCost(("2013-11-01", "2013-12-05"), (12.0, 20.0))


def blocks(*windows, then=THEN, now=NOW):
    return performance_blocks(windows, SPEC, then=then, now=now)


def test_each_window_with_outcomes_has_its_row():
    note, table, _ = blocks(QUIET, replace(LOUD, performance=None), LOUD)
    assert (type(note), type(table)) == (Note, Table)
    assert [row[0] for row in table.rows] == ["November 2013", "December 2013"]
    assert table.rows[0][1:] == (
        26_000,
        "92.5\N{NO-BREAK SPACE}%",
        0.4891,
        "+17.8% (+0% to +43%)",
        17.41,
        "+67.2%",
        182_500,
    )
    assert "F1 0.4152, 10.41 USD a request" in note.text


def test_days_and_both_changes_are_drawn_and_what_was_told_is_set_apart():
    gallery = blocks(QUIET, LOUD)[-1]
    assert isinstance(gallery, Gallery)
    days, cost, f1 = gallery.figures
    assert "since 2013-12-02" in days.svg
    assert ("var(--stopped)" in cost.svg, cost.svg.count("<circle"), f1.svg.count("<circle")) == (True, 2, 2)
    assert 'fill="var(--stopped)"' in cost.svg
    assert 'fill="var(--stopped)"' not in f1.svg


def test_too_little_seen_leaves_the_change_out():
    unsure = replace(SCORED, f1_change=Interval(None, None, None), cost_change=Interval(None, None, None))
    row = blocks(replace(QUIET, performance=unsure))[1].rows[0]
    assert (row[4], row[6]) == (None, None)


def test_without_outcomes_one_sentence_says_so():
    (note,) = blocks(replace(QUIET, performance=None))
    assert note.text == "No outcome of a logged row is known yet."


def test_without_days_the_rest_still_stands():
    nothing = DailyCost((), ())
    assert [figure.caption for figure in blocks(QUIET, then=nothing, now=nothing)[-1].figures] == [
        "Change of the cost, %",
        "Change of F1, %",
    ]
