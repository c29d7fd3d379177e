"""Training sees what serving saw: events of a topic land beside their source's files, while a worker streams them."""

import json
import shutil
from pathlib import Path

import pytest
from tests.kafka_broker import Broker
from tests.streamed_project import StreamedProject, events, messages, partition_of

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.flow.recall import current
from sluiceway.workspace import Workspace

LATE = b'{"carrier": "C00", "delay": 5, "landed_at": "2024-01-01T00:00:30Z"}'


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return StreamedProject.made(tmp_path_factory.mktemp("hybrid") / "project")


def copied(made, folder: Path, **environment):
    shutil.copytree(made.folder, folder)
    return StreamedProject(folder, **environment)


def dataset_of(project) -> DatasetVersion:
    return current("ingest", Workspace.open(project.folder, environment=project.environment).kit)


def landings_of(project):
    """The rows of the streamed source's table, with their times."""
    kit = Workspace.open(project.folder, environment=project.environment).kit
    return kit.tables.read(dataset_of(project).table("landings")).to_pylist()


def test_what_arrived_lands_once_however_it_was_cut(made, tmp_path):
    landings = events(900)
    sent = [*messages(landings), b"{", LATE]
    pieces, whole = copied(made, tmp_path / "pieces"), copied(made, tmp_path / "whole")
    for begin, end in ((0, 100), (100, 101), (101, 902)):
        pieces.spool().append(sent[begin:end])
        told = json.loads(pieces("run", "--until", "ingest", "--json"))
    assert told["extracted"][0]["origin"] == "topic landings"
    assert (told["extracted"][0]["new_rows"], told["extracted"][0]["rows"]) == (800, 901)
    assert "1 were no rows" in told["extracted"][0]["how"]
    whole.spool().append(sent)
    whole("run", "--until", "ingest")
    assert dataset_of(pieces).content_id == dataset_of(whole).content_id
    rows = landings_of(pieces)
    assert len(rows) == 2 + 901
    assert [row["delay"] for row in rows[2:-1]] == [each["delay"] for each in landings]
    assert all(row["_known_time"] == row["landed_at"] == row["_event_time"] for row in rows)
    assert json.loads(pieces("run", "--until", "ingest", "--json"))["extracted"] == []


def test_events_of_kafka_land_from_every_partition(made, tmp_path):
    broker = Broker()
    try:
        broker.create("landings", 2)
        project = copied(made, tmp_path / "project", SLUICEWAY_EVENTS=f"kafka://{broker.servers}")
        landings = events(400)
        for part in range(2):
            broker.send("landings", part, messages([each for each in landings if partition_of(each, 2) == part]))
        project("run", "--until", "ingest")
        assert sorted(row["delay"] for row in landings_of(project)) == sorted([1, 2, *(x["delay"] for x in landings)])
        assert json.loads(project("run", "--until", "ingest", "--json"))["extracted"] == []
    finally:
        broker.kill()
