"""Corrected facts, windows of event time and fresh ones, over a real broker and store: who dies changes no value."""

import json
import random
from datetime import timedelta

import pytest
from tests.kafka_broker import Broker
from tests.streamed_project import BEGIN, CARRIERS, FILES, StreamedProject, end, partition_of, until
from tests.valkey_server import Valkey

from sluiceway.adapters.project_folder import ProjectFolder
from sluiceway.plans.packed_value import pack_key, unpack_value

PARTITIONS, COUNT, HOURS = 3, 4500, 4
SOURCE = """landings = sw.Source("landings", sw.files("landings.csv"), key="id",
    event_time="landed_at", known_time="told_at",
    stream=sw.topic("landings", lateness="10m", key="carrier", clock="events"))
"""
VIEWS = """delays = sw.FeatureView("delays", entity="carrier", source=landings, every="5m", features=[
    sw.count(over="1h"), sw.sum("delay", over="2h"), sw.latest("delay")])
lanes = sw.FeatureView("lanes", entity="carrier", source=landings, every="5m", windows="event_time", lateness="10m",
    features=[sw.count(over="1h"), sw.max("delay", over="2h")])
ticks = sw.FeatureView("ticks", entity="carrier", source=landings, every="5m", features=[
    sw.count(over="1h", fresh=True), sw.mean("delay", over="2h", fresh=True)])
"""
TABLE = """id,carrier,delay,landed_at,told_at
t0,C00,1,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z
t1,C01,2,2024-01-01T00:01:00Z,2024-01-01T00:01:00Z
"""


def landings():
    """Landings that are told some minutes later, out of order; every sixth is corrected, every ninth is sent twice."""
    drawn, told = random.Random(7), []
    for number in range(COUNT):
        at = number * HOURS * 3600 // COUNT
        told_at = at + drawn.randrange(300)
        row = {"id": number, "carrier": f"C{drawn.randrange(CARRIERS):02}", "delay": drawn.randrange(200), "at": at}
        told.append((told_at + drawn.random() * 500, told_at, row))
        if number % 6 == 0:
            told.append((told_at + 400 + drawn.random() * 100, told_at + 400, {**row, "delay": row["delay"] + 1}))
        if number % 9 == 0:
            told.append((told_at + 550, told_at, row))
    return [(row, told_at) for _, told_at, row in sorted(told, key=lambda each: each[0])]


def message(row, told_at):
    landed_at, told_at = ((BEGIN + timedelta(seconds=at)).isoformat() for at in (row["at"], told_at))
    return json.dumps({**row, "id": f"r{row['id']}", "at": None, "landed_at": landed_at, "told_at": told_at}).encode()


@pytest.fixture
def made(tmp_path):
    project = StreamedProject(tmp_path / "made")
    project.folder.mkdir()
    pipeline = FILES["pipeline.py"]
    source = pipeline[pipeline.index("landings = ") : pipeline.index("flights = ")]
    views = pipeline[pipeline.index("delays = ") : pipeline.index("def model")]
    pipeline = pipeline.replace(source, SOURCE).replace(views, VIEWS).replace("[delays]", "[delays, lanes, ticks]")
    for name, text in (FILES | {"pipeline.py": pipeline, "landings.csv": TABLE}).items():
        (project.folder / name).write_text(text)
    project("run", "--until", "ingest")
    return project


def values_of(project):
    """What is served of each carrier in each view, but when it was written."""
    store, found = project.online(), {}
    for view in ProjectFolder(project.folder).load().pipeline.feature_views:
        names = [f"C{number:02}" for number in range(CARRIERS)]
        for name, data in zip(names, store.read(view.digest, [pack_key([each]) for each in names]), strict=True):
            value = unpack_value(data)
            found[view.name, name] = (value.event_time, value.known_time, value.known_through, value.features)
    store.close()
    return found


def test_whoever_dies_every_kind_of_view_is_as_if_nobody_had(made, tmp_path):
    broker, valkey, sent = Broker(), Valkey(tmp_path), landings()
    try:
        broker.create("landings", PARTITIONS)
        events_from = f"kafka://{broker.servers}?session.timeout.ms=3000&heartbeat.interval.ms=500"
        project = made.copied(tmp_path / "project", SLUICEWAY_EVENTS=events_from, SLUICEWAY_ONLINE=valkey.url)
        peaceful = made.copied(tmp_path / "peaceful", SLUICEWAY_EVENTS=events_from)

        def send(begin, upto):
            for number in range(PARTITIONS):
                mine = [each for each in sent[begin:upto] if partition_of(each[0], PARTITIONS) == number]
                broker.send("landings", number, [message(*each) for each in mine])

        def learnt():
            return sum(header.events for header in project.headers().values())

        send(0, 1500)
        first = project.worker()
        until(lambda: learnt() == 1500, what="1,500 messages learnt")
        valkey.pause()
        send(1500, 3000)
        end(first, kill=True)  # with a commit before the store
        valkey.go_on()
        workers = [project.worker(), project.worker()]
        until(lambda: len({each.owner for each in project.headers().values()}) == 2, what="two workers at work")
        valkey.kill()
        send(3000, 4000)
        valkey.start()
        until(lambda: learnt() > 3000, what="the store is back")
        end(workers[0], kill=True)
        send(4000, len(sent))
        until(lambda: learnt() == len(sent), what="everything learnt")
        end(workers[1])
        peaceful("stream", "run", "--until-idle")
        served = values_of(peaceful)
        assert len({repr(value) for value in served.values()}) == 3 * CARRIERS  # no two are alike
        assert values_of(project) == served
        assert [part["late"] for part in project.partitions()] == [part["late"] for part in peaceful.partitions()]
        assert sum(part["events"] for part in peaceful.partitions()) == len(sent)
    finally:
        broker.kill()
        valkey.kill()
