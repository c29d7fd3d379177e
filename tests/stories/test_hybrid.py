"""Training sees what serving saw: events of a topic land beside their source's files, while a worker streams them."""

import json

from tests.kafka_broker import Broker
from tests.streamed_project import IN_FILES, events, expected, messages, partition_of

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.flow.recall import current
from sluiceway.workspace import Workspace

LATE = b'{"carrier": "C00", "delay": 5, "landed_at": "2024-01-01T00:00:30Z"}'

NOBODYS = LATE.replace(b'"C00"', b"null")
FUTURE = b'{"carrier": "C00", "delay": 5, "landed_at": "2999-01-01T00:00:00Z"}'


def dataset_of(project) -> DatasetVersion:
    return current("ingest", Workspace.open(project.folder, environment=project.environment).kit)


def landings_of(project):
    """The rows of the streamed source's table, with their times."""
    kit = Workspace.open(project.folder, environment=project.environment).kit
    return kit.tables.read(dataset_of(project).table("landings")).to_pylist()


def test_what_arrived_lands_once_however_it_was_cut(streamed, tmp_path):
    landings = events(900)
    sent = [*messages(landings), b"{", FUTURE, NOBODYS, LATE]
    pieces, whole = streamed.copied(tmp_path / "pieces"), streamed.copied(tmp_path / "whole")
    for begin, end in ((0, 100), (100, 101), (101, 904)):
        pieces.spool().append(sent[begin:end])
        told = json.loads(pieces("run", "--until", "ingest", "--json"))
    assert told["extracted"][0]["origin"] == "topic landings"
    assert (told["extracted"][0]["new_rows"], told["extracted"][0]["rows"]) == (800, 901)
    assert "3 were no rows" in told["extracted"][0]["how"]
    whole.spool().append(sent)
    whole("run", "--until", "ingest")
    assert dataset_of(pieces).content_id == dataset_of(whole).content_id
    rows = landings_of(pieces)
    assert len(rows) == 2 + 901
    assert [row["delay"] for row in rows[2:-1]] == [each["delay"] for each in landings]
    assert all(row["_known_time"] == row["landed_at"] == row["_event_time"] for row in rows)
    assert json.loads(pieces("run", "--until", "ingest", "--json"))["extracted"] == []


def test_events_of_kafka_land_from_every_partition(streamed, tmp_path):
    broker = Broker()
    try:
        broker.create("landings", 2)
        project = streamed.copied(tmp_path / "project", SLUICEWAY_EVENTS=f"kafka://{broker.servers}")
        landings = events(400)
        for part in range(2):
            broker.send("landings", part, messages([each for each in landings if partition_of(each, 2) == part]))
        project("run", "--until", "ingest")
        assert sorted(row["delay"] for row in landings_of(project)) == sorted([1, 2, *(x["delay"] for x in landings)])
        assert json.loads(project("run", "--until", "ingest", "--json"))["extracted"] == []
    finally:
        broker.kill()


def test_a_run_never_goes_back_behind_the_stream_and_adds_what_came_late(streamed, tmp_path):
    project = streamed.copied(tmp_path / "project")
    pipeline = project.folder / "pipeline.py"
    pipeline.write_text(pipeline.read_text().replace('matures="1d"', 'matures="2h"'))
    landings = events(900)
    project.spool().append([*messages(landings), LATE])
    project("stream", "run", "--until-idle")
    assert project.served() == expected(landings)
    everything = [*landings, {"carrier": "C00", "delay": 5, "at": 30}]
    for as_of in ("2024-01-01T02:30:00Z", "2024-01-01T03:00:00Z"):
        project("run", "--until", "features", "--as-of", as_of)
        assert project.served() == expected(everything)  # as late as the stream is, and with what it was too late for
    project("run", "--until", "features", "--as-of", "2024-01-01T08:00:00Z")
    for carrier, (hour, total, greatest, newest) in project.served().items():
        mine = [each["delay"] for each in (*IN_FILES, *everything) if each["carrier"] == carrier]
        assert (hour, total, greatest, newest) == (0, sum(mine), max(mine), expected(landings)[carrier][3])
    project.spool().append([b'{"carrier": "C00", "delay": 7, "landed_at": "2024-01-01T09:00:00Z"}'])
    project("stream", "run", "--until-idle")
    assert project.served()["C00"][3] == 7.0


def test_an_event_that_is_sent_again_is_one_fact_where_the_source_has_a_key(streamed, tmp_path):
    project = streamed.copied(tmp_path / "project")
    pipeline = project.folder / "pipeline.py"
    pipeline.write_text(
        pipeline.read_text()
        .replace(
            'event_time="landed_at",\n                     stream',
            'key=("carrier", "landed_at"), event_time="landed_at",\n                     stream',
        )
        .replace('matures="1d"', 'matures="2h"')
    )
    landings, again = events(200), b'{"carrier": "C00", "delay": 1, "landed_at": "2024-01-01T00:00:00+00:00"}'
    project("run", "--until", "ingest")
    project.spool().append([*messages(landings), *messages(landings[:50]), again])  # the last is in the files too
    project("run", "--until", "validate")
    assert len(landings_of(project)) == 2 + len({(each["carrier"], each["at"]) for each in landings})
