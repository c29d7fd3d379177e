"""Kills, swaps and damage while requests come in: what can be answered is, and every answer is in the log."""

import json
import os
import shutil
import signal
from datetime import UTC, datetime

import pytest
from tests.bundles import WIND, flipped, logistic, row
from tests.served_project import Project, Running, Stand, eventually

from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.deploy.rollout import PROMOTE, ROLLBACK, START, STEP_UP, Plan, promote, rollback, start, step_up

NOW = datetime(2013, 11, 1, tzinfo=UTC)
CANNOT_BE_LOADED = "no model is in service: the model that should answer cannot be loaded; GET /health says why"


@pytest.fixture
def stand(tmp_path):
    return Stand(tmp_path / "project")


def test_a_worker_that_is_killed_takes_nothing_but_its_own_callers_with_it(stand):
    with stand.serving("--workers", "2") as server:
        before, pids = server.marks(2), server.workers()
        with server.under_load() as load:
            eventually(lambda: load.workers == before and len(load.answers) > 200)
            os.kill(pids[0], signal.SIGKILL)
            at_kill = len(load.answers)
            assert server.ask(row()).status == 200
            eventually(lambda: len(server.workers()) == 2 and pids[0] not in server.workers())
            after = server.marks(2)
            eventually(lambda: len(load.answers) > at_kill + 200)
        (killed,), (living,) = before - after, before & after
        assert pids[1] in server.workers()
        assert load.broken
        assert {mark for mark, _ in load.broken} == {killed}
        assert living in {said.worker for said in load.answers[at_kill:]}
        assert load.refused == []
    everybody = {record.request_id for record in stand.records()}
    assert {said.json["request_id"] for said in load.answers} <= everybody


def test_a_new_version_takes_over_and_goes_back_under_load_without_one_failure(stand):
    v2 = stand.shelve(flipped(), "v2")
    with stand.serving("--workers", "2") as server:
        with server.under_load() as load:
            eventually(lambda: load.versions == {"v1"})
            for name, change in (
                (START, lambda: start(stand.rollout, v2, Plan((0.3, 1.0), 60.0), at=NOW)),
                (STEP_UP, lambda: step_up(stand.rollout, at=NOW)),
                (PROMOTE, lambda: promote(stand.rollout, at=NOW)),
                (ROLLBACK, lambda: rollback(stand.rollout, at=NOW, why="to see that it goes")),
            ):
                stand.show(name, change())
                settled(server, stand.rollout.sequence)
            begun = len(load.answers)
            eventually(lambda: len(load.answers) > begun + 50)
        assert (load.broken, load.refused) == ([], [])
        assert load.versions == {"v1", "v2"}
        assert {said.json["model_version"] for said in load.answers[-20:]} == {"v1"}
    by_sequence = {}
    for record in stand.records():
        by_sequence.setdefault(record.sequence, set()).add(record.version)
    assert by_sequence == {1: {"v1"}, 2: {"v1", "v2"}, 3: {"v2"}, 4: {"v2"}, 5: {"v1"}}
    assert {said.json["request_id"] for said in load.answers} <= {record.request_id for record in stand.records()}


def settled(server, sequence):
    """Wait until every worker answers by a state."""
    behind = server.marks(2)
    while behind:
        said = server.get("/health")
        if said.json["sequence"] == sequence:
            behind.discard(said.worker)


def test_a_damaged_model_never_answers_and_answers_once_it_is_mended(stand):
    model = stand.onnx_of(stand.v1)
    whole = model.read_bytes()
    model.write_bytes(damaged(whole))
    with stand.serving(ready=False) as server:
        assert server.get("/health/live").status == 200
        assert server.get("/health/ready").status == 503
        assert "damaged" in server.get("/health").json["load_error"]
        said = server.ask(row())
        assert (said.status, said.json["error"]) == (503, CANNOT_BE_LOADED)
        model.write_bytes(whole)
        eventually(lambda: server.get("/health/ready").status == 200)
        assert server.ask(row()).json["model_version"] == "v1"
    assert [record.status for record in stand.records()] == [503, 200]


def test_a_damaged_champion_is_told_before_anything_is_announced_and_what_to_do(stand):
    model = stand.onnx_of(stand.v1)
    model.write_bytes(damaged(model.read_bytes()))
    process = stand.start()
    with process:
        server = Running(stand, process)
        eventually(lambda: server.get("/health").json["load_error"])
        _, err = server.stop()
    assert "nobody answers yet: v1 cannot be taken up" in err
    assert "sluiceway run makes what the newest run made anew" in err
    assert "v1 answers" not in err
    assert "curl" not in err


def test_a_run_makes_a_damaged_baseline_anew(trained_shop):
    shop, stand = trained_shop, Project(trained_shop.folder)
    with stand.serving():
        pass
    state = json.loads((stand.state / "objects" / "rollouts" / "live.json").read_text())
    bundle = stand.state / "objects" / state["champion"]["key"]
    model = stand.state / "objects" / json.loads(bundle.read_text())["onnx"]
    for path in (bundle, model):
        path.write_bytes(damaged(path.read_bytes()))
    shop("run", "--until", "deploy")
    with stand.serving() as server:
        assert server.get("/health").json["version"] == "v1-baseline"


def test_where_a_new_version_is_damaged_the_old_one_serves_on_and_health_says_why(stand):
    v2 = stand.shelve(logistic(slope=0.002), "v2")
    model = stand.onnx_of(v2)
    model.write_bytes(damaged(model.read_bytes()))
    with stand.serving("--workers", "2") as server:
        with server.under_load() as load:
            stand.show(START, start(stand.rollout, v2, Plan((0.5, 1.0), 60.0), at=NOW))
            told = {}
            eventually(lambda: told.update(why_it_lags(server)) or len(told) == len(server.workers()))
            for health in told.values():
                assert (health["ready"], health["version"], health["sequence"]) == (True, "v1", 1)
                assert "rollout state 2 cannot be taken up" in health["load_error"]
                assert "damaged" in health["load_error"]
        assert (load.broken, load.refused, load.versions) == ([], [], {"v1"})


def why_it_lags(server):
    """What one worker, whichever is asked, tells of itself, once it says that it cannot take up something."""
    said = server.get("/health")
    return {said.worker: said.json} if said.json["load_error"] else {}


def damaged(data):
    """One flipped bit."""
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_who_is_tried_out_on_whom_outlives_a_restart_and_is_the_same_in_every_worker(stand):
    v2 = stand.shelve(flipped(), "v2")
    stand.show(START, start(stand.rollout, v2, Plan((0.4, 1.0), 60.0), at=NOW))
    seen = {}
    for _ in range(2):
        with stand.serving("--workers", "2") as server:
            marks = server.marks(2)
            for origin in (f"O{number}" for number in range(30)):
                answered = set()
                while answered != marks:
                    said = server.ask(row(origin=origin))
                    answered.add(said.worker)
                    seen.setdefault(origin, set()).add(said.json["model_version"])
    assert {len(versions) for versions in seen.values()} == {1}
    assert {version for versions in seen.values() for version in versions} == {"v1", "v2"}
    assert {record.sequence for record in stand.records()} == {2}


def test_without_an_online_store_nothing_answers_until_it_is_there_nor_when_it_is_gone_again(stand):
    stand.online.close()
    shutil.rmtree(stand.state / "online")
    with stand.serving(ready=False) as server:
        why = eventually(lambda: server.get("/health").json["load_error"])
        assert "never filled with origin_weather" in why
        assert server.get("/health/ready").status == 503
        assert server.ask(row()).status == 503
        LmdbOnline(stand.state / "online").replace(WIND.digest, [], snapshot="of nobody")
        server.wait_until_ready()
        assert server.ask(row()).status == 200
        shutil.rmtree(stand.state / "online")  # while the server has it open
        eventually(lambda: server.ask(row()).status == 503)
        assert "holds nothing of origin_weather any more" in server.get("/health").json["online_error"]
        LmdbOnline(stand.state / "online").replace(WIND.digest, [], snapshot="of nobody")
        eventually(lambda: server.ask(row()).status == 200)
