"""Events on their way: posted before there is a model, added from a file, learnt by a worker, seen in predictions."""

import gzip
import json
import subprocess

import pytest
from tests.bundles import logistic, other_contract, row, shelved
from tests.kinesis_there import KinesisThere
from tests.served_project import Project, eventually
from tests.streamed_project import COMMAND, StreamedProject, end, events, expected, messages, view_digest

from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.core.moments import parse_moment
from sluiceway.deploy.rollout import FIRST, first
from sluiceway.ledger.rolling import Transition, record_transition
from sluiceway.server.board import Board

COLUMN = "origin_weather__latest_wind"  # what the small models of tests read


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return StreamedProject.made(tmp_path_factory.mktemp("posted") / "project")


def landing(delay, at):
    return {"carrier": "C07", "delay": delay, "landed_at": f"2024-01-02T00:{at:02}:00Z"}


def test_from_a_post_to_another_prediction(project):
    served = Project(project.folder)
    worker = project.worker()
    with served.serving(ready=False) as server:
        server.wait_until_ready()
        assert server.ask(row()).status == 503
        assert server.told["rollout"] is None
        server.headers["idempotency-key"] = "first"
        posted = [server.ask([landing(10, 1), landing(20, 2)], "/events/landings") for _ in range(3)]
        assert [said.status for said in posted] == [202] * 3
        assert len({json.dumps(said.json, sort_keys=True) for said in posted}) == 1
        eventually(lambda: project.partitions()[0]["events"] == 2)
        put_on_the_board(served, view_digest(project.folder))
        asked = row(carrier="C07")
        before = eventually(lambda: server.ask(asked).json.get("probability"))
        server.headers["idempotency-key"] = "second"
        assert server.ask(landing(300, 3), "/events/landings").status == 202
        after = eventually(lambda: (p := server.ask(asked).json["probability"]) != before and p)
        assert after > before + 0.1
    assert "what was learnt is committed" in end(worker)
    assert project.partitions()[0]["events"] == 3


def put_on_the_board(served, digest):
    """Let a model answer that reads what the stream keeps: the newest delay of a carrier."""
    view = ServedView("delays", digest, ("carrier",), ("delays__count", "delays__sum", "delays__max", COLUMN))
    model = logistic(slope=0.01, intercept=-1.0, column=COLUMN)
    state = first(
        LIVE, shelved(served.objects, model, contract=other_contract(views=(view,))), at=parse_moment("2024-01-03")
    )
    record_transition(served.ledger, Transition(FIRST, state))
    Board(served.objects, LIVE).show(state)


def test_a_file_is_added_wherever_events_are_once_all_of_it_is_checked(project, kinesis, tmp_path):
    there = KinesisThere(kinesis.endpoint, "ap-south-1")
    there.create("landings", 2)
    project = StreamedProject(project.folder, SLUICEWAY_EVENTS=there.address())
    landings, file = events(1200), tmp_path / "landings.jsonl.gz"
    lines = messages(landings)
    file.write_bytes(gzip.compress(b"\n".join(lines[:500]) + b"\n\n" + b"\n".join(lines[500:])))
    told = json.loads(project("stream", "add", "landings", str(file), "--json"))
    assert told == {"source": "landings", "topic": "landings", "events": 1200, "last_line": 1201}
    sent = [
        record["Data"]
        for shard in range(2)
        for record in there.wire().read("landings", there.wire().iterator("landings", shard, 0), most=10_000).records
    ]
    assert sorted(sent) == sorted(lines)
    assert len(expected(landings)) == 20  # what is added is spread over carriers, and so over shards
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_bytes(lines[0] + b'\n{"carrier": "C00"}\n')
    assert "wrong.jsonl, line 2: column 'delay' is missing; nothing was added" in refused(project, wrong)
    file.write_bytes(file.read_bytes()[:300])
    wrong.write_bytes(lines[0] + b"\n" + lines[1].replace(b'"C', b'null, "was": "C'))
    assert "wrong.jsonl, line 2: 'carrier' is null, but is what messages are keyed by" in refused(project, wrong)
    assert "landings.jsonl.gz cannot be read" in refused(project, file)
    assert "cannot be read: No such file" in refused(project, tmp_path / "none")
    assert "source with a stream is called 'flights'" in refused(project, wrong, source="flights")
    added = json.loads(project("stream", "add", "landings", str(wrong), "--from-line", "3", "--json"))
    assert added["events"] == 0
    wrong.write_bytes(b"\xef\xbb\xbf" + lines[0])
    assert json.loads(project("stream", "add", "landings", str(wrong), "--json"))["events"] == 1


def refused(project, file, source="landings"):
    done = subprocess.run(
        [COMMAND, "stream", "add", source, str(file)], cwd=project.folder, env=project.environment, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr
