"""The registry that is read where it lies is the one that MLflow tells of."""

import sqlite3

import pytest

from sluiceway.adapters.mlflow_registry import knows, registered_versions
from sluiceway.adapters.mlflow_tracker import MlflowTracker
from sluiceway.core.errors import SourceError
from sluiceway.ports.tracker import TrackedRun


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three versions of two models, of which one was deleted in MLflow, and an alias."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("tracking")
    tracker = MlflowTracker(folder)
    for name, identity in (("late", "a"), ("late", "b"), ("early", "c")):
        tracker.record(TrackedRun("e", identity, {}, {}, {}, {}))
        tracker.register(name, identity=identity, bundle=identity * 2, tags={"threshold": "0.25"})
    tracker.alias("late", 2, "candidate")
    MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db").delete_model_version("late", "1")
    return folder


def test_it_is_what_mlflow_tells(folder):
    found = registered_versions(folder / "mlflow.db")
    told = [(each.name, each.version, each.identity, each.bundle, each.aliases, each.tags) for each in found]
    assert sorted(told, key=str) == [
        ("early", 1, "c", "cc", (), {"threshold": "0.25"}),
        ("late", 2, "b", "bb", ("candidate",), {"threshold": "0.25"}),
    ]
    with MlflowTracker(folder)._client() as client:
        from sluiceway.adapters.mlflow_tracker import _versions

        assert MlflowTracker(folder).versions() == _versions(client, None)
        assert MlflowTracker(folder).versions("late") == _versions(client, "late")
    assert [knows(folder / "mlflow.db", each) for each in "bz"] == [True, False]


def test_a_database_of_another_layout_is_left_to_mlflow_and_a_damaged_one_is_told(tmp_path):
    database = tmp_path / "mlflow.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE model_versions (name TEXT, version INTEGER)")
    assert registered_versions(database) is None
    database.write_bytes(b"no database" * 1000)
    assert registered_versions(database) is None
    with pytest.raises(SourceError, match="check the file and the disk"):
        MlflowTracker(tmp_path).versions()
