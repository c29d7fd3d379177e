"""Gate 5: each criterion has a fault that stops it."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from math import nan

import pytest

from sluiceway.artifacts.evaluation import Parity, Reproduction, SliceScore
from sluiceway.artifacts.feature_set import EarlyFact, TimeAudit
from sluiceway.core.verdict import Outcome, Override, Overrides
from sluiceway.train.gate import gate

CLEAN = TimeAudit(0, 0, (), 10, ())


def only(verdict):
    """The one criterion that is closed."""
    (closed,) = verdict.closed
    return closed


def test_an_honest_model_passes_every_criterion(honest):
    made, candidate = honest
    verdict = made.judge(candidate)
    assert verdict.outcome is Outcome.PASSED, verdict.closed
    assert len({criterion.name for criterion in verdict.criteria}) == len(verdict.criteria)


def test_gate_stops_when_a_metric_differs_after_a_second_training(planted):
    closed = only(planted(reproduction=Reproduction(("roc_auc",), same_bytes=True, baseline_same_bytes=True)))
    assert (closed.measured, closed.detail) == (1, "roc_auc")


def test_gate_stops_when_a_second_training_gives_other_bytes(planted):
    closed = only(planted(reproduction=Reproduction((), same_bytes=False, baseline_same_bytes=True)))
    assert (closed.name, closed.measured) == ("bytes of a second training", "differ")


def test_gate_stops_when_the_baselines_second_training_gives_other_bytes(planted):
    closed = only(planted(reproduction=Reproduction((), same_bytes=True, baseline_same_bytes=False)))
    assert (closed.name, closed.measured) == ("bytes of the baseline's second training", "differ")
    assert closed.detail == "fix every random_state in the baseline factory"


@pytest.mark.parametrize("evidence", ["parity", "baseline_parity"])
@pytest.mark.parametrize("found", [Parity(100, 2e-5, 1), Parity(100, nan, 0), Parity(0, 0.0, 0)])
def test_gate_stops_when_an_export_differs_or_was_not_compared(planted, evidence, found):
    role = "baseline" if evidence == "baseline_parity" else "model"
    assert f"exported {role} against" in only(planted(**{evidence: found})).name


def test_gate_names_rows_on_both_sides(planted, honest):
    split = replace(honest[1].evaluation.split, shared_keys=("F7", "F8"))
    assert only(planted(split=split)).detail == "F7, F8"


def test_gate_does_not_stop_on_rows_that_are_merely_alike(planted, honest):
    verdict = planted(split=replace(honest[1].evaluation.split, shared_rows=3))
    assert verdict.is_open
    assert any(criterion.detail.startswith("3 holdout rows equal") for criterion in verdict.criteria)


def test_gate_stops_on_labels_known_only_after_the_holdout_began(planted, honest):
    assert only(planted(split=replace(honest[1].evaluation.split, late_labels=1))).measured == 1


def test_gate_stops_when_training_runs_into_the_gap(planted, honest):
    split = honest[1].evaluation.split
    closed = only(planted(split=replace(split, train_until=split.holdout_from - timedelta(hours=1))))
    assert (closed.measured, closed.limit) == (3600.0, 43200.0)


@pytest.mark.parametrize(
    ("audit", "name"),
    [
        (replace(CLEAN, labels_known_early=1), "labels known at the prediction"),
        (replace(CLEAN, inputs_known_late=1), "inputs known only after the prediction"),
        (replace(CLEAN, self_fed=("history",)), "views that the predicted row itself feeds"),
        (replace(CLEAN, early_facts=(EarlyFact("arrivals", "arr_delay", 0.5),)), "sources that know a fact"),
        (replace(CLEAN, future_features=("late_rate",)), "features from the future"),
    ],
)
def test_gate_stops_on_anything_from_the_future(planted, audit, name):
    assert only(planted(time_audit=audit)).name.startswith(name)


def test_gate_names_the_source_and_column_that_knows_early(planted):
    audit = replace(CLEAN, early_facts=(EarlyFact("arrivals", "arr_delay", 0.5),))
    assert only(planted(time_audit=audit)).detail == "arrivals.arr_delay (50.0% of rows)"


@pytest.mark.parametrize("role", ["bundle", "baseline"])
def test_gate_names_steps_fitted_before_training(planted, honest, role):
    bundle = replace(getattr(honest[1], role), fitted_before=("standardscaler",))
    assert only(planted(**{role: bundle})).detail == f"standardscaler ({bundle.role})"


@pytest.mark.parametrize("alone", [{"wind": 0.6, "arr_delay": 0.99}, {"arr_delay": nan, "wind": 0.6}])
def test_gate_names_the_feature_that_needs_no_other(planted, alone):
    assert only(planted(single_feature_auc=alone)).detail == "arr_delay"


def test_gate_stops_when_no_feature_was_measured_alone(planted):
    assert only(planted(single_feature_auc={})).measured is None


@pytest.mark.parametrize("loss", [0.9, nan])
def test_gate_stops_when_the_baseline_has_no_greater_log_loss(planted, honest, loss):
    holdout = replace(honest[1].evaluation.holdout, log_loss=loss)
    assert only(planted(holdout=holdout)).name == "log loss, below the baseline's"


def test_gate_stops_when_model_and_baseline_are_equally_good(planted, honest):
    ours = honest[1].evaluation.holdout
    assert only(planted(baseline_holdout=ours)).measured == ours.log_loss


@pytest.mark.parametrize("cost", [1e6, nan])
def test_gate_stops_when_the_model_costs_more_than_the_baseline(planted, honest, cost):
    holdout = replace(honest[1].evaluation.holdout, cost=cost)
    assert only(planted(holdout=holdout)).name.startswith("cost per row")


def slice_of(value, ours, theirs, *, judged=True):
    return SliceScore("carrier", value, 300, 40, ours, theirs, judged)


def test_gate_names_the_slices_on_which_the_baseline_wins(planted):
    slices = (slice_of("AA", 0.2, 0.3), slice_of("UA", 0.35, 0.3), slice_of("VX", 0.3, 0.3))
    closed = only(planted(slices=slices))
    assert closed.measured == pytest.approx(0.05)
    assert closed.detail == "fails on UA, VX; 3 slices judged"


def test_gate_does_not_judge_small_slices(planted):
    assert planted(slices=(slice_of("AA", 0.2, 0.3), slice_of("UA", 0.9, 0.3, judged=False))).is_open


@pytest.mark.parametrize("slices", [(), (slice_of("AA", 0.2, 0.3, judged=False),)])
def test_gate_is_inconclusive_when_no_slice_could_be_judged(planted, slices):
    assert only(planted(slices=slices)).outcome is Outcome.INCONCLUSIVE


def test_an_override_opens_the_gate_until_it_expires(honest):
    made, candidate = honest
    candidate = replace(candidate, bundle=replace(candidate.bundle, fitted_before=("scaler",)))
    check = only(made.judge(candidate)).check
    until = candidate.evaluation.split.holdout_until
    leave = Overrides((Override(check, candidate.bundle.dataset, "ada", "fitted on public data", until),))
    before = gate(candidate, made.promise, leave, until - timedelta(seconds=1))
    assert (before.outcome, before.valid_until) == (Outcome.OVERRIDDEN, until)
    assert gate(candidate, made.promise, leave, until).outcome is Outcome.STOPPED


def test_the_gate_loads_nothing_heavy():
    heavy = "{'numpy', 'polars', 'pyarrow', 'sklearn', 'optuna', 'onnx', 'lightgbm'}"
    code = f"import sys, sluiceway.train.gate; print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
