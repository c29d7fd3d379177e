"""A stream over Kinesis, of several shards, while worker, store and the way to it die: exact counts."""

import json

from tests.kinesis_there import KinesisThere
from tests.s3_server import Wire
from tests.stories.test_hybrid import dataset_of, landings_of
from tests.streamed_project import end, events, expected, messages, until
from tests.valkey_server import Valkey

LATE = b'{"carrier": "C00", "delay": 5, "landed_at": "2024-01-01T00:00:30Z"}'


def project_at(streamed, folder, address, *, lateness=None, **environment):
    project = streamed.copied(folder, SLUICEWAY_EVENTS=address, **environment)
    if lateness is not None:
        text = (folder / "pipeline.py").read_text()
        (folder / "pipeline.py").write_text(text.replace('lateness="10m"', f'lateness="{lateness}"'))
    return project


def send(there, landings):
    there.send("landings", messages(landings), [str(each["carrier"]) for each in landings])


def learnt(project):
    return project.partitions()[0]["events"]


def test_a_worker_that_is_killed_in_mid_batch_and_a_duplicate_leave_exact_counts(streamed, kinesis, tmp_path):
    there, valkey = KinesisThere(kinesis.endpoint, "us-east-1"), Valkey(tmp_path)
    there.create("landings", 3)
    wire = Wire(kinesis.endpoint)
    project = project_at(  # moto tells arrivals by the second, in which hours of these landings arrive
        streamed, tmp_path / "project", there.address(wire.endpoint), lateness="6h", SLUICEWAY_ONLINE=valkey.url
    )
    landings = events(6000)
    send(there, landings[:1000])
    first = project.worker()
    until(lambda: learnt(project) == 1000)
    duplicate = project.worker()
    valkey.pause()
    send(there, landings[1000:3000])
    end(first, kill=True)  # while a batch is committed, or not
    valkey.go_on()
    send(there, landings[3000:4000])
    until(lambda: learnt(project) == 4000)
    assert f"-{duplicate.pid}-" in project.partitions()[0]["owner"]
    wire.left = 0  # the service is gone for a while
    send(there, landings[4000:])
    until(lambda: project.partitions()[0]["lag"] is None)
    wire.left = float("inf")
    until(lambda: learnt(project) == 6000)
    assert duplicate.poll() is None
    assert "what was learnt is committed" in end(duplicate)
    assert project.served() == expected(landings)
    assert (learnt(project), project.partitions()[0]["owner"]) == (6000, None)
    wire.close()
    valkey.kill()


def test_lag_is_told_and_what_is_no_row_goes_to_a_stream_beside(streamed, kinesis, tmp_path):
    there = KinesisThere(kinesis.endpoint, "us-east-2")
    there.create("landings", 1)
    project = project_at(streamed, tmp_path / "project", there.address())
    landings = events(600)
    send(there, landings)
    there.send("landings", [b"{", LATE])
    before = project.partitions()[0]
    assert (before["lag"], before["events"]) == (None, 0)
    assert before["lag_seconds"] >= 0
    assert " s " in project("stream", "status")
    project("stream", "run", "--until-idle")
    after = project.partitions()[0]
    assert {name: after[name] for name in ("lag", "lag_seconds", "events", "late", "dead")} == {
        "lag": 0, "lag_seconds": 0.0, "events": 602, "late": 1, "dead": 1,
    }  # fmt: skip
    assert project.served() == expected(landings)
    (dead,), (late,) = there.read("landings.dead"), there.read("landings.late")
    assert dead["message"] == "{"
    assert (late["message"], late["why"], late["shard"]) == (LATE.decode(), "late for delays", dead["shard"])


def test_what_arrived_lands_once_however_it_was_cut(streamed, kinesis, tmp_path):
    there = KinesisThere(kinesis.endpoint, "us-west-1")
    there.create("landings", 2)
    pieces = project_at(streamed, tmp_path / "pieces", there.address())
    whole = project_at(streamed, tmp_path / "whole", there.address())
    landings = events(500)
    for begin, stop in ((0, 200), (200, 500)):
        send(there, landings[begin:stop])
        told = json.loads(pieces("run", "--until", "ingest", "--json"))
        assert told["extracted"][0]["new_rows"] == stop - begin
    assert json.loads(pieces("run", "--until", "ingest", "--json"))["extracted"] == []
    whole("run", "--until", "ingest")
    assert dataset_of(pieces).content_id == dataset_of(whole).content_id
    assert sorted(row["delay"] for row in landings_of(whole)) == sorted([1, 2, *(x["delay"] for x in landings)])
