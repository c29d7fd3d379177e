"""What MLflow promises beyond the contract: what it shows, kills, silence."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from sluiceway.adapters.mlflow_tracker import MlflowTracker
from sluiceway.core.errors import SourceError
from sluiceway.ports.tracker import TrackedRun

RUN = TrackedRun(
    experiment="late_arrival",
    identity="a" * 64,
    params={"num_leaves": "31"},
    metrics={"roc_auc": 0.79, "lift": 3.0},
    tags={"role": "model"},
    files={"model/model.onnx": b"onnx bytes", "report.html": b"<html>"},
)
LISTING = """
import sys
from pathlib import Path
from sluiceway.adapters.mlflow_tracker import MlflowTracker

print(MlflowTracker(Path(sys.argv[1])).versions(), "mlflow" in sys.modules)
"""
RECORDING = """
import sys
from pathlib import Path
from sluiceway.adapters.mlflow_tracker import MlflowTracker
from sluiceway.ports.tracker import TrackedRun

tracker = MlflowTracker(Path(sys.argv[1]))
tracker.record(TrackedRun("e", "a", {"p": "1"}, {"m": 1.0}, {}, {"f": b"x"}))
tracker.register("m", identity="a", bundle="b", tags={})
tracker.alias("m", 1, "candidate")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tracking with ü and 100% odd name")


@pytest.fixture(scope="module")
def client(folder):
    from mlflow import MlflowClient

    MlflowTracker(folder).record(RUN)
    return MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")


def only_run(client, experiment):
    found = client.get_experiment_by_name(experiment)
    (run,) = client.search_runs([found.experiment_id])
    return run


def test_mlflow_shows_what_was_recorded(folder, client):
    run = only_run(client, "late_arrival")
    assert run.info.status == "FINISHED"
    assert run.data.params == RUN.params
    assert run.data.metrics == RUN.metrics
    assert run.data.tags["sluiceway.identity"] == RUN.identity
    assert run.data.tags["role"] == "model"
    files = folder / "artifacts" / run.info.run_id / "artifacts"
    assert (files / "model" / "model.onnx").read_bytes() == b"onnx bytes"
    assert (files / "report.html").read_bytes() == b"<html>"


def test_a_run_that_a_kill_left_unfinished_is_completed(folder, client):
    from mlflow.entities import Param

    run = replace(RUN, experiment="killed", identity="b" * 64)
    experiment = client.create_experiment("killed", artifact_location=(folder / "artifacts").as_uri())
    begun = client.create_run(experiment, tags={"sluiceway.identity": run.identity})
    client.log_batch(begun.info.run_id, params=[Param("num_leaves", "31")])
    for _ in range(2):
        assert MlflowTracker(folder).record(run) == begun.info.run_id
    found = only_run(client, "killed")
    assert found.info.status == "FINISHED"
    assert found.data.metrics == run.metrics
    assert len(client.get_metric_history(begun.info.run_id, "lift")) == 1
    assert {file.path for file in client.list_artifacts(begun.info.run_id)} == {"model", "report.html"}


def test_an_experiment_that_somebody_deleted_comes_back(folder, client):
    run = replace(RUN, experiment="deleted", identity="c" * 64, files={})
    first = MlflowTracker(folder).record(run)
    client.delete_experiment(client.get_experiment_by_name("deleted").experiment_id)
    assert MlflowTracker(folder).record(run) == first


def test_listing_an_absent_registry_makes_nothing_and_loads_nothing(tmp_path):
    command = [sys.executable, "-c", LISTING, str(tmp_path / "absent")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] False"
    assert not (tmp_path / "absent").exists()


def test_after_a_kill_amid_making_the_database_all_goes_well_in_silence_and_in_its_folder(tmp_path):
    tracking, elsewhere = tmp_path / "tracking", tmp_path / "cwd"
    elsewhere.mkdir()
    command = [sys.executable, "-W", "default", "-c", RECORDING, str(tracking)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=elsewhere)
    deadline = time.monotonic() + 30
    while not list(tracking.glob("mlflow.db.*")) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert list(tracking.glob("mlflow.db.*")), "the kill came too late to prove anything"
    assert not (tracking / "mlflow.db").exists()

    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=elsewhere)
    assert (done.stdout, done.stderr) == ("", "")
    assert list(elsewhere.iterdir()) == []
    assert sorted(path.name for path in tracking.iterdir()) == ["artifacts", "mlflow.db"]
    assert [model.aliases for model in MlflowTracker(tracking).versions("m")] == [("candidate",)]


def test_a_database_that_is_none_is_named(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(SourceError, match=r"mlflow\.db"):
        MlflowTracker(tmp_path).versions()
