"""A rehearsal's server is a real one: it is started, asked, killed and swept here."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from tests.bundles import WIND, logistic, row, shelved
from tests.served_project import eventually, quiet

from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.rehearsal_server import rehearsal_server
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.core.errors import LockedError, TransientError
from sluiceway.deploy.rollout import Plan, first, start
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value
from sluiceway.plans.request_log import records_of
from sluiceway.ports.endpoint import Question
from sluiceway.server.board import Board

AT = 1_378_000_000_000_000
NOW = datetime(2013, 9, 1, tzinfo=UTC)
HELD = """
import sys, time
from pathlib import Path
from sluiceway.adapters.rehearsal_server import rehearsal_server

with rehearsal_server(Path(sys.argv[1]), Path(sys.argv[1]) / ".sluiceway", clear_board=lambda: None):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / ".sluiceway").mkdir()
    return tmp_path


@pytest.fixture
def objects(project):
    return ObstoreObjects.local(project / ".sluiceway" / "objects")


@pytest.fixture
def board(objects):
    return Board(objects, REHEARSAL)


def rehearsing(project, **more):
    board = Board(ObstoreObjects.local(project / ".sluiceway" / "objects"), REHEARSAL)
    return rehearsal_server(project, project / ".sluiceway", clear_board=board.clear, environment=quiet(**more))


def question(at=AT, **values):
    return Question(at, json.dumps(row(**values)).encode())


def left(project):
    """The folders of rehearsals, past and present."""
    return sorted(path.name for path in (project / ".sluiceway").glob("rehearsal-*"))


def servers(project):
    """The processes that serve a rehearsal of this project."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if str(project) in line and "sluiceway" in line]


def test_requests_are_answered_for_the_moment_they_say_from_the_rehearsals_own_store(project, objects, board):
    live = LmdbOnline(project / ".sluiceway" / "online")
    live.write(WIND.digest, [(pack_key(("JFK",)), pack_value(PackedValue(1, 1, 1, 1, [99.0])))])
    with rehearsing(project, SLUICEWAY_API_KEY="live callers only") as rehearsal:
        board.show(first(REHEARSAL, shelved(objects, logistic(), "v1"), at=NOW))
        rehearsal.endpoint.settle(1)
        value = PackedValue(AT - 5, AT - 4, AT - 3, AT - 2, [7.5])
        rehearsal.online.write(WIND.digest, [(pack_key(("JFK",)), pack_value(value))])
        answers = rehearsal.endpoint.ask([question(origin="JFK"), question(AT + 1, origin="LGA")])
        assert [answer.status for answer in answers] == [200, 200]
        records = [record for _, chunk in rehearsal.log.read() for record in records_of(chunk)]
    by_origin = {record.inputs["origin"]: record for record in records}
    assert (by_origin["JFK"].at, by_origin["LGA"].at) == (AT, AT + 1)
    assert by_origin["JFK"].features["origin_weather__latest_wind"] == 7.5
    assert by_origin["JFK"].views == {"origin_weather": (WIND.digest[:12], AT - 2, AT - 3)}
    assert by_origin["LGA"].features["origin_weather__latest_wind"] is None
    assert {record.scope for record in records} == {REHEARSAL}
    assert not (project / ".sluiceway" / "requests").exists()


def test_it_answers_by_each_state_once_settled(project, objects, board):
    v1, v2 = shelved(objects, logistic(), "v1"), shelved(objects, logistic(slope=0.2), "v2")
    with rehearsing(project) as rehearsal:
        board.show(state := first(REHEARSAL, v1, at=NOW))
        rehearsal.endpoint.settle(1)
        assert versions(rehearsal) == {"v1"}
        board.show(start(state, v2, Plan((1.0,), 60.0), at=NOW))
        rehearsal.endpoint.settle(2)
        assert versions(rehearsal) == {"v2"}


def versions(rehearsal):
    answers = rehearsal.endpoint.ask([question(origin=f"O{number}") for number in range(5)])
    return {json.loads(answer.body)["model_version"] for answer in answers}


def test_each_rehearsal_begins_with_an_empty_board(project, objects, board):
    board.show(first(REHEARSAL, shelved(objects, logistic(), "v7"), at=NOW))
    with rehearsing(project) as rehearsal:
        assert board.read() is None
        assert rehearsal.endpoint.ask([question()])[0].status == 503


def test_nothing_is_left_behind(project):
    with rehearsing(project):
        assert len(left(project)) == 1
        assert servers(project)
    assert left(project) == []
    assert servers(project) == []


def test_what_failed_and_may_be_tried_again_is_told_with_the_servers_last_words(project, objects, board):
    v1 = shelved(objects, logistic(), "v1")
    with pytest.raises(TransientError, match=r"no luck; its last words:\n(?s:.*)answering by rollout state 1"):
        fail_once_settled(project, board, first(REHEARSAL, v1, at=NOW))


def fail_once_settled(project, board, state):
    with rehearsing(project) as rehearsal:
        board.show(state)
        rehearsal.endpoint.settle(1)
        raise TransientError("no luck")


def test_two_rehearsals_at_once_are_refused(project):
    with rehearsing(project), pytest.raises(LockedError, match="locked by 'rehearsal'"), rehearsing(project):
        pass


def test_a_killed_rehearsal_takes_its_server_with_it_and_the_next_sweeps(project):
    running = subprocess.Popen([sys.executable, "-c", HELD, project], stdout=subprocess.PIPE, text=True, env=quiet())
    with running:
        assert running.stdout.readline() == "up\n"
        assert len(servers(project)) >= 2
        os.kill(running.pid, signal.SIGKILL)
    assert len(left(project)) == 1
    eventually(lambda: not servers(project))
    with rehearsing(project) as rehearsal:
        assert len(left(project)) == 1
        assert rehearsal.endpoint.ask([question()])[0].status == 503
    assert left(project) == []


@pytest.mark.parametrize("asked", [True, False])
def test_a_server_that_dies_is_told_with_its_last_words(project, asked):
    with pytest.raises(TransientError, match=r"server ended with -9; its last words:\n  listening on"):
        rehearse_with_a_death(project, asked)
    assert left(project) == []
    eventually(lambda: not servers(project))


def rehearse_with_a_death(project, asked):
    with rehearsing(project) as rehearsal:
        os.kill(servers(project)[0], signal.SIGKILL)
        if asked:
            rehearsal.endpoint.settle(1, wait_s=0.5)
        time.sleep(0.2)


def test_a_server_that_does_not_start_says_why(project):
    (project / "sluiceway.toml").write_text("colour = 1\n")
    said = r"ended with 2; its last words:\n  error: .*unknown setting 'colour'"
    with pytest.raises(TransientError, match=said), rehearsing(project):
        pass
    assert left(project) == []


def test_an_error_inside_passes_through_as_it_is(project):
    with pytest.raises(KeyError, match="mine"), rehearsing(project):
        raise KeyError("mine")
    assert left(project) == []
    assert servers(project) == []
