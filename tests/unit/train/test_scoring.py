"""The evidence: metrics, slices, sides and parity, against brute force and scikit-learn."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as reference

from sluiceway.artifacts.codec import decode
from sluiceway.core.errors import TrainingError, UnknownNameError
from sluiceway.pages.evaluation_page import Curves
from sluiceway.train.baseline import frequent
from sluiceway.train.frame import load_frame
from sluiceway.train.metrics import measure
from sluiceway.train.scoring import exported_probability
from sluiceway.train.slices import slice_scores
from sluiceway.train.split import split
from sluiceway.train.split_report import shared_keys, split_report


@pytest.fixture(scope="module")
def sides(world):
    made = world()
    frame = load_frame(made.features, made.tables)
    halves = split(frame, made.pipeline)
    return frame.take(halves.train), frame.take(halves.holdout), halves


def test_holdout_metrics_are_those_of_the_exported_model(honest, sides):
    made, candidate = honest
    _, holdout, _ = sides
    probability = exported_probability(made.objects.get(candidate.bundle.onnx), holdout, what="test")
    found, truth = candidate.evaluation.holdout, holdout.y
    alarm = probability >= 30 / 210
    assert (found.rows, found.positives) == (len(holdout), truth.sum())
    assert found.roc_auc == pytest.approx(reference.roc_auc_score(truth, probability))
    assert found.average_precision == pytest.approx(reference.average_precision_score(truth, probability))
    assert found.log_loss == pytest.approx(reference.log_loss(truth, probability))
    assert found.brier == pytest.approx(reference.brier_score_loss(truth, probability))
    assert found.precision == pytest.approx(reference.precision_score(truth, alarm))
    assert found.recall == pytest.approx(reference.recall_score(truth, alarm))
    assert found.f1 == pytest.approx(reference.f1_score(truth, alarm))
    assert found.f_beta == pytest.approx(reference.fbeta_score(truth, alarm, beta=6**0.5))
    assert found.cost == pytest.approx((180 * (truth & ~alarm).sum() + 30 * (alarm & (truth == 0)).sum()) / len(truth))


def test_costs_follow_the_spec(world):
    truth, probability = np.array([0, 1]), np.array([0.1, 0.9])
    assert measure(truth, probability, world().spec).cost == 0
    assert measure(truth, probability[::-1], world().spec).cost == 105


def test_slices_cover_every_row_once_and_small_ones_are_not_judged(sides, limits):
    _, holdout, _ = sides
    rng = np.random.default_rng(0)
    ours, theirs = rng.random(len(holdout)), rng.random(len(holdout))
    acceptance = limits(minimum_slice_rows=100, minimum_slice_positives=20).acceptance
    scores = slice_scores(holdout, ours, theirs, acceptance=acceptance)
    assert [score.value for score in scores] == ["(missing)", "C0", "C1", "C2", "C3"]
    assert sum(score.rows for score in scores) == len(holdout)
    for score in scores:
        chosen = (holdout.x["carrier"] == score.value.replace("(missing)", "")).to_numpy()
        assert score.positives == holdout.y[chosen].sum()
        assert score.judged == (chosen.sum() >= 100 and holdout.y[chosen].sum() >= 20)
        expected = reference.log_loss(holdout.y[chosen], ours[chosen], labels=[0, 1])
        assert score.model_log_loss == pytest.approx(expected)


def test_numbers_can_be_sliced_by_too(sides, limits):
    _, holdout, _ = sides
    half = np.full(len(holdout), 0.5)
    scores = slice_scores(holdout, half, half, acceptance=limits(slices=("wind",)).acceptance)
    assert sum(score.rows for score in scores) == len(holdout)
    assert scores[-1].value == "(missing)"


def test_a_slice_that_is_no_column_is_refused_with_a_hint(sides, limits):
    _, holdout, _ = sides
    half = np.full(len(holdout), 0.5)
    with pytest.raises(UnknownNameError, match="Did you mean 'carrier'"):
        slice_scores(holdout, half, half, acceptance=limits(slices=("carier",)).acceptance)


def test_the_split_is_reported_from_the_rows_themselves(sides):
    train, holdout, halves = sides
    report = split_report(train, holdout, halves)
    assert (report.train_rows, report.holdout_rows, report.in_gap) == (len(train), len(holdout), halves.in_gap)
    assert report.train_rows + report.holdout_rows + report.in_gap == 3000
    assert (report.shared_keys, report.shared_rows, report.late_labels) == ((), 0, 0)
    assert report.train_until < report.holdout_from <= report.holdout_until


def test_copies_on_both_sides_are_counted_and_shared_keys_named(sides):
    train, holdout, halves = sides
    copied = replace(holdout, x=train.x[: len(holdout)], y=train.y[: len(holdout)])
    assert split_report(train, copied, halves).shared_rows == len(holdout)
    assert split_report(train, replace(copied, y=1 - copied.y), halves).shared_rows == 0
    assert shared_keys(train, train.take(np.arange(2))) == ("F0", "F1")


def test_late_labels_are_counted(sides):
    train, holdout, halves = sides
    late = replace(train, known=train.known + 10**13)
    assert split_report(late, holdout, halves).late_labels == len(train)


def test_training_again_anywhere_gives_the_same_contents(world, honest):
    candidate = honest[1]
    fresh = world(threads=1)
    again = fresh.evaluate()
    assert again.content_id == candidate.content_id
    assert again.evaluation.curves == candidate.evaluation.curves
    assert fresh.objects.get(again.evaluation.curves) == honest[0].objects.get(candidate.evaluation.curves)


def test_bundles_hold_what_serving_needs(honest):
    made, candidate = honest
    for bundle, role in ((candidate.bundle, "model"), (candidate.baseline, "baseline")):
        assert (bundle.role, bundle.name, bundle.threshold) == (role, "late", pytest.approx(1 / 7))
        assert bundle.onnx == f"models/{bundle.onnx_sha256}.onnx"
        assert len(made.objects.get(bundle.onnx)) == bundle.size_bytes
        assert bundle.columns == made.features.columns
        assert bundle.train_rows == candidate.evaluation.split.train_rows
    assert candidate.bundle.params == min(candidate.bundle.trials, key=lambda trial: trial.log_loss).params


def test_the_curves_of_both_are_stored(honest, sides):
    made, candidate = honest
    assert candidate.evaluation.curves == f"reports/evaluation-{candidate.evaluation.content_id[:12]}.json"
    stored = decode(dict[str, Curves], made.objects.get(candidate.evaluation.curves))
    _, holdout, _ = sides
    for role, bundle in (("model", candidate.bundle), ("baseline", candidate.baseline)):
        probability = exported_probability(made.objects.get(bundle.onnx), holdout, what="test")
        area = reference.auc(*stored[role].roc)
        assert area == pytest.approx(reference.roc_auc_score(holdout.y, probability), abs=5e-3)


def test_an_own_baseline_that_fails_is_named(world):
    def baseline():
        raise RuntimeError("no such luck")

    with pytest.raises(TrainingError, match=r"the baseline: baseline\(\) raised RuntimeError: no such luck"):
        world(baseline=baseline).train_baseline()


def test_the_default_baseline_keeps_fifty_categories(world):
    made = world()
    frame = load_frame(made.features, made.tables)
    counts = frame.x["tail"].to_list()
    kept = frequent(frame.x["tail"])
    assert len(kept) == 50
    least = min(counts.count(tail) for tail in kept)
    assert all(counts.count(tail) <= least for tail in set(counts) - set(kept))


BASELINE = """
import numpy as np, polars as pl
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.core.digest import sha256_hex
from sluiceway.pages.evaluation_page import Curves
from sluiceway.train.baseline import logistic
from sluiceway.train.fitting import fit_and_export
from sluiceway.train.frame import Frame
chance = np.random.default_rng(0)
x = pl.DataFrame({f"n{n}": chance.normal(size=20000).astype("f4") for n in range(40)})
y = (x["n0"].to_numpy() + chance.normal(size=20000) > 0).astype("i8")
columns = tuple(FeatureColumn(name, "number", "view") for name in x.columns)
rows = Frame(columns, x, y, y, y, x)
print(sha256_hex(fit_and_export(logistic(rows), rows, seed=0, threads=2, what="test").onnx))
"""


def test_the_baseline_does_not_depend_on_cores_or_on_hashing():
    told = {
        subprocess.run(
            [sys.executable, "-c", BASELINE],
            env={"OPENBLAS_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE", "PYTHONHASHSEED": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(told) == 1
