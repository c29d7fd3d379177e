"""A stream that begins knows what the table has: after a first run, and after a view was changed."""

import json
import shutil
from dataclasses import replace

import pytest
from tests.kafka_broker import Broker
from tests.streamed_project import events, expected, messages

from sluiceway.adapters import spool
from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.event_landing import event_landing_key
from sluiceway.core.discreet import MASK
from sluiceway.flow.arriving import landed_events
from sluiceway.flow.streamed import streams_of
from sluiceway.flow.table_start import table_start
from sluiceway.ingest.landed_events import known_event_landing
from sluiceway.streaming import Streaming

COLUMNS = ("delays__count_1h", "delays__sum_delay_24h", "delays__max_delay_24h", "delays__latest_delay")


@pytest.fixture
def project(streamed, tmp_path):
    return streamed.copied(tmp_path / "project")


def test_a_stream_of_a_changed_view_serves_all_that_has_landed_at_once(project):
    landings = events(1200)
    project.spool().append(messages(landings[:800]))
    project("stream", "run", "--until-idle")
    project("run", "--until", "ingest")
    before = project.served()
    assert before == expected(landings[:800])
    rename_count(project)
    project("stream", "run", "--until-idle")
    assert project.served() == before
    (part,) = project.partitions()
    assert (part["offset"], part["events"], part["lag"]) == (800, 0, 0)  # what had landed is not read again
    project.spool().append(messages(landings[800:]))
    project("stream", "run", "--until-idle")
    assert project.served() == expected(landings)


def test_what_only_a_stream_has_filled_is_shown_and_what_is_sensitive_is_masked(project):
    landings = events(300)
    wanted = expected(landings)["C03"]
    project.spool().append(messages(landings))
    project("run", "--until", "features", code=None)  # so few rows teach nothing, so gate 4 is closed
    shutil.rmtree(project.folder / ".sluiceway" / "online")
    assert "sluiceway run, or stream run, fills it" in project.said("features", "get", "carrier=C03", code=2)
    project("stream", "run", "--until-idle")
    assert shown(project) == dict(zip(COLUMNS, wanted, strict=True))
    edit(project, "spec.yaml", "costs:", "sensitive: [delay]\ncosts:")
    project("run", "--until", "features", code=None)
    assert project.served("C03") == {"C03": wanted}
    edit(project, "pipeline.py", 'sw.max("delay", over="24h")', 'sw.max("delay", over="24h", name="worst")')
    project("stream", "run", "--until-idle")
    masked = ["delays__sum_delay_24h", "delays__worst", "delays__latest_delay"]
    assert shown(project) == {"delays__count_1h": wanted[0], **dict.fromkeys(masked, MASK)}
    assert project.served("C03") == {"C03": wanted}


def test_entities_of_files_are_served_beside_those_of_messages(project):
    text = "carrier,delay,landed_at\nC00,1,2024-01-01T00:00:00Z\nC01,2,2024-01-01T00:01:00Z\n"
    (project.folder / "landings.csv").write_text(text + "C77,9,2024-01-01T00:02:00Z\n")
    project("run", "--until", "ingest")
    landings = events(300)
    project.spool().append(messages(landings))
    project("stream", "run", "--until-idle")
    assert project.served() == expected(landings)
    assert project.served("C77") == {"C77": [0.0, 9.0, 9.0, 9.0]}


def test_a_stream_begins_behind_what_its_dataset_has_though_more_has_landed(project):
    landings = events(300)
    project.spool().append(messages(landings[:200]))
    project("run", "--until", "ingest")
    project.spool().append(messages(landings[200:]))
    streaming = Streaming.open(project.folder, environment=project.environment)
    declared = streams_of(streaming.workspace.kit.reader.load())["landings"]
    landing, rows = landed_events("landings", declared, streaming.workspace.kit, say=print)
    assert (landing.partitions[0].offset, rows) == (300, 100)
    (plan,) = streaming.plans
    assert [each.offset for each in streaming.table(plan).landed] == [200]
    kit, said = streaming.workspace.kit, []
    assert table_start(plan, ("kafka", "landings"), kit, say=said.append).landed == ()  # it never landed from there
    assert said == []
    other = replace(plan, kinds={**plan.kinds, "delay": "text"})
    assert table_start(other, ("spool", "landings"), kit, say=said.append) is None
    assert "gate 3, has no text 'delay'" in said[0]
    event_landing_of(kit, points=(), partitions=())
    assert table_start(plan, ("spool", "landings"), kit, say=said.append) is None
    assert "does not tell how far the topic landed" in said[1]
    event_landing_of(kit, points=landing.points, partitions=landing.partitions)
    project("stream", "run", "--until-idle")
    assert project.partitions()[0]["events"] == 100
    assert project.served() == expected(landings)


def test_a_topic_that_moves_to_a_broker_begins_there_with_all_that_landed(project):
    landings = events(300)
    project.spool().append(messages(landings[:200]))
    project("stream", "run", "--until-idle")
    project("run", "--until", "ingest")
    broker = Broker()
    try:
        project.environment["SLUICEWAY_EVENTS"] = f"kafka://{broker.servers}"
        broker.create("landings", 1)
        broker.send("landings", 0, messages(landings[200:]))
        project("stream", "run", "--until-idle")
        assert [part["events"] for part in project.partitions()] == [100]
        assert project.served() == expected(landings)
    finally:
        broker.kill()


def test_a_spool_is_trimmed_of_what_nobody_reads_any_more(project, monkeypatch):
    monkeypatch.setattr(spool, "SEGMENT_BYTES", 4096)
    landings = events(600)
    for begin in range(0, 400, 50):
        project.spool().append(messages(landings[begin : begin + 50]))
    project("stream", "run", "--until-idle")
    assert json.loads(project("data", "gc", "--yes", "--json"))["segment"] == []  # none has landed
    before = len(segments(project))
    project("run", "--until", "ingest")
    assert f"- {before - 1} segments of spools" in project("data", "gc")
    assert len(segments(project)) == before
    project("data", "gc", "--yes")
    assert len(segments(project)) == 1
    project.spool().append(messages(landings[400:]))
    rename_count(project)
    project("stream", "run", "--until-idle")
    assert project.served() == expected(landings)
    project("run", "--until", "ingest")
    assert json.loads(project("stream", "status", "--json"))["streams"][0]["partitions"][0]["missed"] == 0


def event_landing_of(kit, **changes):
    """Write the landing down otherwise."""
    known = known_event_landing("landings", kit.objects)
    kit.objects.put(event_landing_key("landings"), encode(replace(known, **changes)))


def segments(project):
    return sorted((project.folder / ".sluiceway" / "events" / "landings").glob("*.seg"))


def rename_count(project):
    edit(project, "pipeline.py", 'sw.count(over="1h")', 'sw.count(over="60m", name="flights")')


def edit(project, name, old, new):
    path = project.folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def shown(project):
    told = json.loads(project("features", "get", "carrier=C03", "--json"))
    assert told["lost"] == []
    return told["features"]
