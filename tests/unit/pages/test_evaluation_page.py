from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sluiceway.artifacts.evaluation import Evaluation, Metrics, Parity, Reproduction, SliceScore, SplitReport
from sluiceway.artifacts.model_bundle import Fold, ModelBundle, Trial
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.core.verdict import Criterion, Verdict
from sluiceway.declare.spec import Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.pages.evaluation_page import Curves, evaluation_html

POINTS = ((0.0, 0.5, 1.0), (0.0, 0.8, 1.0))
CURVES = Curves(POINTS, POINTS, POINTS, POINTS)
SCORES = Metrics(1000, 157, 0.8012, 0.44, 0.38, 0.12, 0.3, 0.7, 0.42, 0.6, 16.25)
DAYS = [datetime(2013, month, 1, tzinfo=UTC) for month in (1, 8, 9, 11)]
SLICES = (
    SliceScore("carrier", "UA", 5000, 700, 0.40, 0.50, True),
    SliceScore("carrier", "OO", 300, 40, 0.55, 0.50, True),
    SliceScore("carrier", "HA", 30, 2, 0.60, 0.50, False),
)
EVALUATION = Evaluation(
    bundle="b" * 64,
    baseline="a" * 64,
    feature_set="f" * 64,
    holdout=SCORES,
    baseline_holdout=replace(SCORES, roc_auc=0.7),
    slices=SLICES,
    split=SplitReport(*DAYS, 129_600, 21_000, 1000, 77, (), 0, 0),
    parity=Parity(1000, 3e-7, 0),
    baseline_parity=Parity(1000, 1e-8, 0),
    reproduction=Reproduction((), same_bytes=True, baseline_same_bytes=True),
    single_feature_auc={"hour": 0.66, "distance": 0.52},
    curves="",
)
NO_CONTRACT = ServingContract((), (), (), ())
TRIALS = tuple(Trial(number, {"leaves": 31 + number}, 0.4 - number / 100, (Fold(10, 5, 0.4),)) for number in range(3))
BUNDLE = ModelBundle("late", "model", "", "", 1, (), 1 / 7, {}, {}, TRIALS, "f", "d", 21_000, 0, NO_CONTRACT)
SPEC = Spec(
    ProblemStatement("late", "Late?", "ops"),
    Target("binary", "late", 1),
    ("hour",),
    Costs("USD", 180, 30),
    Metric("f_beta"),
    ServiceLevel(50, 0.999),
)


PASSED = Criterion.at_most("cost per row", measured=16.25, limit=20.0)
STOPPED = Criterion.at_most("keys on both sides", measured=2, limit=0, detail="F7, F8")
OPEN = Verdict((PASSED,))


def html(evaluation=EVALUATION, bundle=BUNDLE, verdict=OPEN):
    return evaluation_html(evaluation, bundle, spec=SPEC, verdict=verdict, model=CURVES, baseline=CURVES)


def test_the_page_holds_scores_curves_slices_split_features_search_and_evidence():
    page = html()
    said = ["0.801", "ROC curve", "Precision and recall", "Calibration", "Cost by threshold", "carrier = UA", "+20.0%"]
    said += ["2013-09-01", "training, 21,000 rows", "hour", "0.660", "leaves = 33", "every metric equal", "3.00e-07"]
    assert [each for each in said if each not in page] == []


def test_the_page_says_what_the_gate_says_what_holds_it_shut_first():
    page = html(verdict=Verdict((PASSED, STOPPED)))
    assert page.count('class="badge stopped"') == 2
    assert page.index("F7, F8") < page.index("cost per row</td>")
    assert 'class="badge stopped"' not in html()


def test_judged_slices_worse_than_the_baseline_stand_first():
    page = html()
    places = [page.index(f"carrier = {name}") for name in ("OO", "UA", "HA")]
    assert places == sorted(places)


def test_trials_are_listed_from_the_best():
    page = html()
    assert page.index("leaves = 33") < page.index("leaves = 32") < page.index("leaves = 31")


def test_a_second_training_that_differed_is_told_by_name():
    page = html(
        replace(EVALUATION, reproduction=Reproduction(("roc_auc",), same_bytes=False, baseline_same_bytes=True))
    )
    assert "every metric equal" not in page
    assert "<td>roc_auc</td>" in page


@pytest.mark.parametrize("words", ["The spec names no slices", "No search was made", "No feature was measured alone"])
def test_what_there_is_none_of_is_said(words):
    bare = replace(EVALUATION, slices=(), single_feature_auc={})
    assert words in html(bare, replace(BUNDLE, trials=()))


def test_the_same_evidence_gives_the_same_bytes():
    assert html() == html()
