from datetime import UTC, datetime

from sluiceway.artifacts.validation_report import (
    ClassShareCheck,
    DriftCheck,
    FreshnessCheck,
    RuleCheck,
    ValidationReport,
)
from sluiceway.core.verdict import NO_OVERRIDES, Criterion, Verdict
from sluiceway.pages.histogram import Histogram
from sluiceway.pages.validation_page import validation_html

NOW = datetime(2013, 11, 1, tzinfo=UTC)
KEPT = RuleCheck("s", "a is kept", "a", measured=1.0, at_least=1.0, rows=10, broken=0)
BROKEN = RuleCheck("s", "b is broken", "b", measured=0.5, at_least=1.0, rows=10, broken=5, examples=("bad<1>",))
MEAN = RuleCheck("s", "mean of c", "c", measured=2.0, at_least=1.0, rows=10, broken=0, low=1.0, high=3.0)
DRIFT = DriftCheck("s", "a", "ks", 0.3, 1e-9, 1e-8, 1000, 1000)
SHARE = ClassShareCheck("late", 0.157, 0.15, 0.0467, 0.0, 0.1, 900, 800)
REPORT = ValidationReport(
    "d" * 64, "r" * 64, NOW, (KEPT, BROKEN, MEAN), (FreshnessCheck("s", NOW, 7200.0),), (DRIFT,), (SHARE,), ""
)
CRITERIA = (
    Criterion.at_least("s: a is kept", measured=1.0, limit=1.0),
    Criterion.at_least("s: b is broken", measured=0.5, limit=1.0, detail="5 of 10 rows break it"),
    Criterion.at_most("s: drift of a (Kolmogorov-Smirnov)", measured=0.3, limit=0.05),
)
VERDICT = Verdict.of(CRITERIA, NO_OVERRIDES, NOW)


def html(report=REPORT, verdict=VERDICT, histograms=()):
    return validation_html(report, verdict, histograms)


def test_every_closed_check_has_the_words_that_excuse_it():
    page = html()
    for criterion in VERDICT.closed:
        assert f"sluiceway validate override {criterion.check} --reason" in page
    assert CRITERIA[0].check not in page


def test_an_open_gate_offers_no_override():
    page = html(verdict=Verdict.of(CRITERIA[:1], NO_OVERRIDES, NOW))
    assert "validate override" not in page
    assert "holds the gate shut" not in page


def test_failures_stand_first_with_examples_of_what_broke_them():
    page = html()
    rules = page[page.index("Layer A") :]
    assert rules.index("b is broken") < rules.index("a is kept")
    assert "bad&lt;1&gt;" in rules


def test_all_layers_and_freshness_are_there():
    page = html()
    said = ["Layer A", "Freshness", "Layer B", "Layer C", "2013-11-01 00:00 UTC", "15.7\N{NO-BREAK SPACE}%", "1 to 3"]
    assert [each for each in said if each not in page] == []


def test_without_a_reference_the_page_says_so():
    first = ValidationReport("d", None, None, (), (), (), (), "")
    page = html(first)
    assert "no earlier version to compare with" in page
    assert "No outcome was measured" in page


def test_columns_that_moved_most_are_drawn_first():
    drawn = [Histogram("s.z", ("0", "1"), (1, 2), (2, 1)), Histogram("s.a", ("0", "1"), (1, 2), (2, 1), note="PSI 0.4")]
    page = html(histograms=drawn)
    assert page.index("<title>s.a</title>") < page.index("<title>s.z</title>")
    assert "PSI 0.4" in page
