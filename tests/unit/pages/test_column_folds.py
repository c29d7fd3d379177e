from sluiceway.artifacts.validation_report import DriftCheck, RuleCheck, ValidationReport
from sluiceway.core.verdict import Criterion, Outcome, Verdict
from sluiceway.pages.column_folds import column_folds
from sluiceway.pages.failure_cards import checks_by_name
from sluiceway.pages.histogram import Histogram
from sluiceway.pages.page import Findings, Gallery

RULES = (
    RuleCheck("s", "a is kept", "a", 1.0, 1.0, 10, 0),
    RuleCheck("s", "b is broken", "b", 0.5, 1.0, 10, 5),
    RuleCheck("s", "row: a > b", "", 1.0, 1.0, 10, 0),
)
DRIFT = (
    DriftCheck("s", "a", "ks", 0.01, 0.5, 0.5, 500, 500),
    DriftCheck("s", "c", "ks", 0.04, 0.5, 0.5, 500, 500),
)
REPORT = ValidationReport("d", "r", None, RULES, (), DRIFT, (), "")
VERDICT = Verdict(
    (
        Criterion("s: a is kept", 1.0, 1.0, Outcome.PASSED),
        Criterion("s: b is broken", 0.5, 1.0, Outcome.STOPPED),
        Criterion("s: row: a > b", 1.0, 1.0, Outcome.PASSED),
        Criterion("s: drift of a (Kolmogorov-Smirnov)", 0.01, 0.05, Outcome.PASSED),
        Criterion("s: drift of c (Kolmogorov-Smirnov)", 0.04, 0.05, Outcome.PASSED),
    )
)


def folds(*histograms):
    return column_folds(VERDICT, checks_by_name(REPORT), histograms)


def test_every_column_has_one_fold_the_failed_first_then_those_that_moved_most():
    assert [fold.summary for fold in folds()] == ["s.b", "s.c", "s.a", "s.(whole rows)"]
    assert [fold.remark for fold in folds()] == ["1 of 1 checks failed", "1 check", "2 checks", "1 check"]
    assert folds()[0].outcome is Outcome.STOPPED


def test_a_column_shows_its_distribution_below_its_checks():
    drawn = Histogram("s.a", ("0", "1"), (1, 2), (2, 1), note="PSI 0.4")
    fold = next(fold for fold in folds(drawn) if fold.summary == "s.a")
    assert [type(block) for block in fold.blocks] == [Findings, Gallery]
    assert fold.remark == "2 checks, PSI 0.4"


def test_a_column_that_nothing_was_asked_of_is_drawn_all_the_same():
    fold = next(fold for fold in folds(Histogram("s.z", ("0", "1"), (1, 2))) if fold.summary == "s.z")
    assert (fold.outcome, fold.remark) == (None, "")
    assert [type(block) for block in fold.blocks] == [Gallery]
