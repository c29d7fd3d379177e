"""Registering: recorded with its evidence, found under the problem's name, and safe to repeat."""

import pytest

from sluiceway.adapters.memory_tracker import MemoryTracker
from sluiceway.core.moments import FixedClock
from sluiceway.train.register import register, tracked_run


@pytest.fixture
def registered(honest):
    made, candidate = honest
    tracker = MemoryTracker(FixedClock(candidate.evaluation.split.holdout_until))
    given = {"promise": made.promise, "objects": made.objects, "tracker": tracker}
    return register(candidate, **given), register(candidate, **given), tracker


def test_a_candidate_is_registered_once_under_the_problems_name(registered, honest):
    first, second, tracker = registered
    assert first == second
    assert tracker.versions() == [first]
    assert (first.name, first.version, first.aliases) == ("late", 1, ("candidate",))
    assert (first.identity, first.bundle) == (honest[1].content_id, honest[1].bundle.content_id)


def test_a_run_carries_metrics_of_both_and_the_files(honest):
    made, candidate = honest
    run = tracked_run(candidate, experiment="late", objects=made.objects)
    assert run.metrics["holdout_roc_auc"] == candidate.evaluation.holdout.roc_auc
    assert run.metrics["holdout_average_precision"] == candidate.evaluation.holdout.average_precision
    assert run.metrics["baseline_log_loss"] == candidate.evaluation.baseline_holdout.log_loss
    assert run.files["model/model.onnx"] == made.objects.get(candidate.bundle.onnx)
    assert run.files["evaluation.json"] == made.objects.get(candidate.evaluation.curves)
    assert run.params["num_leaves"] == str(candidate.bundle.params["num_leaves"])
    assert run.tags["dataset"] == "dataset"
    assert float(run.tags["threshold"]) == candidate.bundle.threshold
