"""What every tracker promises."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sluiceway.adapters.memory_tracker import MemoryTracker
from sluiceway.adapters.mlflow_tracker import MlflowTracker
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.ports.tracker import TrackedRun

RUN = TrackedRun(
    experiment="late_arrival",
    identity="a" * 64,
    params={"num_leaves": "31"},
    metrics={"roc_auc": 0.79},
    tags={"role": "model"},
    files={"model/model.onnx": b"onnx"},
)
OTHER = replace(RUN, identity="b" * 64)
TAGS = {"gate": "passed"}


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """A database that MLflow made, since making one takes it more than a second."""
    folder = tmp_path_factory.mktemp("tracking")
    MlflowTracker(folder).record(replace(RUN, experiment="elsewhere", identity="0" * 64))
    return folder / "mlflow.db"


@pytest.fixture(params=["mlflow", "memory"])
def tracker(request, tmp_path):
    if request.param == "memory":
        return MemoryTracker()
    (tmp_path / "tracking").mkdir()
    shutil.copy(request.getfixturevalue("made_once"), tmp_path / "tracking" / "mlflow.db")
    return MlflowTracker(tmp_path / "tracking")


def register(tracker, run, name="late_arrival"):
    tracker.record(run)
    return tracker.register(name, identity=run.identity, bundle=run.identity[::-1], tags=TAGS)


def test_recording_twice_is_recording_once(tracker):
    assert tracker.record(RUN) == tracker.record(RUN)
    assert tracker.record(OTHER) != tracker.record(RUN)


def test_a_registered_model_carries_what_it_was_given(tracker):
    model = register(tracker, RUN)
    assert (model.name, model.version, model.aliases) == ("late_arrival", 1, ())
    assert (model.identity, model.bundle, model.tags) == (RUN.identity, RUN.identity[::-1], TAGS)
    assert abs(model.registered_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_registering_twice_is_registering_once(tracker):
    first = register(tracker, RUN)
    assert register(tracker, RUN) == first
    assert tracker.versions() == [first]


def test_versions_count_up_by_model_and_are_listed_newest_first(tracker):
    made = [register(tracker, RUN), register(tracker, OTHER), register(tracker, RUN, "baseline")]
    assert [model.version for model in made] == [1, 2, 1]
    assert tracker.versions("late_arrival") == [made[1], made[0]]
    assert tracker.versions("baseline") == [made[2]]
    found = tracker.versions()
    assert sorted(found, key=str) == sorted(made, key=str)
    assert [model.registered_at for model in found] == sorted((model.registered_at for model in made), reverse=True)


def test_an_unknown_model_has_no_versions(tracker):
    assert tracker.versions() == []
    register(tracker, RUN)
    assert tracker.versions("nobody") == []


def test_a_model_without_a_recorded_run_is_refused(tracker):
    with pytest.raises(MisuseError, match="record it"):
        tracker.register("late_arrival", identity="c" * 64, bundle="d", tags={})
    assert tracker.versions() == []


def test_an_alias_moves_from_version_to_version(tracker):
    register(tracker, RUN)
    register(tracker, OTHER)
    register(tracker, RUN, "baseline")
    tracker.alias("late_arrival", 1, "candidate")
    tracker.alias("late_arrival", 1, "best")
    tracker.alias("baseline", 1, "candidate")
    tracker.alias("late_arrival", 2, "candidate")
    tracker.alias("late_arrival", 2, "candidate")
    assert {model.version: model.aliases for model in tracker.versions("late_arrival")} == {
        1: ("best",),
        2: ("candidate",),
    }
    assert tracker.versions("baseline")[0].aliases == ("candidate",)


def test_an_alias_needs_a_version(tracker):
    register(tracker, RUN)
    with pytest.raises(UnknownNameError, match="'7'"):
        tracker.alias("late_arrival", 7, "candidate")
    with pytest.raises(UnknownNameError, match="nobody"):
        tracker.alias("nobody", 1, "candidate")


def test_names_that_a_backend_may_dislike_are_recorded(tracker):
    odd = replace(
        RUN,
        params={"model__steps[0]": "x" * 9000, "": "y"},
        metrics={"f1@0.5": float("nan"), "a=b": 1e300},
        tags={"ü:1": "x"},
        files={},
    )
    assert tracker.record(odd) == tracker.record(odd)


def test_many_params_metrics_and_versions_are_recorded(tracker):
    params = {f"p{number}": "x" for number in range(230)}
    metrics = {f"m{number}": float(number) for number in range(1100)}
    assert tracker.record(replace(RUN, params=params, metrics=metrics, files={}))
