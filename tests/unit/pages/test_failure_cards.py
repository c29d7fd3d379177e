from datetime import UTC, datetime

from sluiceway.artifacts.validation_report import (
    ClassShareCheck,
    DriftCheck,
    FreshnessCheck,
    RuleCheck,
    ValidationReport,
)
from sluiceway.core.verdict import Criterion, Outcome
from sluiceway.pages.failure_cards import checks_by_name, failure_cards, finding
from sluiceway.pages.histogram import Histogram
from sluiceway.pages.page import Code, Facts, Findings, Gallery

NOW = datetime(2013, 11, 1, tzinfo=UTC)
RULE = RuleCheck("s", "x is one of a", "x", 0.9, 1.0, 200, 20, examples=("b",))
MEAN = RuleCheck("s", "mean of x between 1 and 2", "x", 3.0, 1.0, 200, 0, low=1.0, high=2.0)
ROW = RuleCheck("s", "row: a > b", "", 0.5, 0.9, 10, 5)
DRIFT = DriftCheck("s", "x", "mean", 1.8, 1e-9, 1e-8, 500, 64, then=10.0, now=28.0, is_new=True)
SHARE = ClassShareCheck("late", 0.2, 0.16, 0.25, 0.1, 0.4, 900, 800)
FRESH = FreshnessCheck("s", NOW, 7200.0)
REPORT = ValidationReport("d", "r", None, (RULE, MEAN, ROW), (FRESH,), (DRIFT,), (SHARE,), "")
CHECKS = checks_by_name(REPORT)
DRAWN = {"s.x": Histogram("s.x", ("a", "b"), (80, 20), (100, 0))}


def closed(name, outcome=Outcome.STOPPED, measured=0.5, limit=0.9, detail=""):
    return Criterion(name, measured, limit, outcome, detail, "c0ffee")


def test_what_is_closed_of_one_column_shares_a_card_with_examples_and_a_figure():
    names = ["s: x is one of a", "s: row: a > b", "s: shift of the mean of x"]
    column, rows = failure_cards([closed(name) for name in names], CHECKS, DRAWN)
    assert (column.title, rows.title) == ("s.x", "s: row: a > b")
    [findings, _, examples, figures] = column.blocks
    assert isinstance(findings, Findings)
    assert [each.text.split(":")[0] for each in findings.items] == ["x is one of a", "shift of the mean of x"]
    assert examples == Code("b")
    assert isinstance(figures, Gallery)
    assert "moved most: a 100" in figures.figures[0].note


def test_what_stopped_comes_before_what_is_inconclusive():
    cards = failure_cards([closed("s: row: a > b", Outcome.INCONCLUSIVE), closed("s: x is one of a")], CHECKS, {})
    assert [card.outcome for card in cards] == [Outcome.STOPPED, Outcome.INCONCLUSIVE]


def test_a_rule_says_how_many_rows_break_it_and_which_share_must_keep_it():
    said = finding(closed("s: x is one of a"), RULE).text.replace("\N{NO-BREAK SPACE}", " ")
    assert said == "x is one of a: 20 of 200 rows break it (10 %); 100 % must keep it"


def test_a_mean_and_a_comparison_say_the_measure_and_the_limit():
    assert finding(closed("s: mean of x between 1 and 2", measured=3.0, limit="1 to 2"), MEAN).text.endswith(
        ": 3, limit 1 to 2"
    )
    said = finding(closed("s: shift of the mean of x", measured=1.8, limit=0.2, detail="moved 1.8"), DRIFT)
    assert said.text == "shift of the mean of x: 1.8, limit 0.2"
    assert said.remark == "moved 1.8; 64 rows now, 500 then"


def test_a_class_share_and_freshness_have_cards_of_their_own():
    names = ["class share of late: relative change", "s: age of the newest row in seconds", "drift"]
    share, fresh, other = failure_cards([closed(name) for name in names], CHECKS, DRAWN)
    assert isinstance(share.blocks[0], Facts)
    assert dict(share.blocks[0].items)["Limit"] == "90\N{NO-BREAK SPACE}%"
    assert fresh.blocks[0].items[0].text == "age of the newest row in seconds: 0.5, limit 0.9"
    assert other.blocks[0].items[0].text == "measured: 0.5, limit 0.9"
