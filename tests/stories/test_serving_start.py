"""Starting, stopping and watching a server: who answers, what it says, what it costs."""

import json
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.bundles import flipped, row
from tests.served_project import Project, Running, Stand, eventually, quiet

from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.deploy.rollout import START, Plan, start
from sluiceway.ledger.rolling import Transition, current, record_transition
from sluiceway.server.example import EXAMPLE

NOW = datetime(2013, 11, 1, tzinfo=UTC)
MIB = 1 << 20


@pytest.fixture
def stand(tmp_path):
    return Stand(tmp_path / "project")


def test_a_first_prediction_comes_soon_from_a_small_process(stand, capsys):
    begun = time.monotonic()
    with stand.serving() as server:
        assert server.ask(row()).status == 200
        cold_s = time.monotonic() - begun
        for _ in range(200):
            server.ask(row())
        rss_mib = resident_mib(server.workers()[0])
    with capsys.disabled():
        sys.stdout.write(f"\nfirst prediction after {cold_s:.2f} s, a worker of {rss_mib:.0f} MiB ")
    assert cold_s < 10
    assert rss_mib < 250


def resident_mib(pid):
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024


def test_it_says_where_it_listens_who_answers_and_how_to_ask(stand):
    (stand.folder / "sluiceway.toml").write_text("as_of = 2013-11-01\n")
    v2 = stand.shelve(flipped(), "v2")
    state = start(stand.rollout, v2, Plan((0.05, 1.0), 60.0, ("origin",)), at=NOW)
    stand.show(START, state)
    example = json.dumps(row(carrier='it\'s $HOME, "quoted"'))
    stand.objects.put(EXAMPLE, example.encode())
    process = stand.start()
    with process:
        server = Running(stand, process)
        told = server.told
        server.wait_until_ready()
        _, err = server.stop()
    assert told["scope"] == "live"
    assert (told["rollout"]["champion"]["version"], told["rollout"]["share"]) == ("v1", 0.05)
    assert f"listening on {told['url']}\n" in err
    assert "v1 answers; v2 is tried out on 5 % of origin\n" in err
    assert "as of 2013-11-01T00:00:00Z" in err
    assert f"curl -s {told['url']}/predict" in err


def test_serving_needs_no_secrets_of_alerts(stand):
    (stand.folder / "sluiceway.toml").write_text('alerts = ["slack://${SLACK_TOKEN}"]\n')
    with stand.serving() as server:
        assert server.ask(row()).status == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
@pytest.mark.parametrize("key", [None, "a 'key' with $signs"])
def test_the_command_that_it_prints_works_as_printed(stand, key):
    stand.objects.put(EXAMPLE, json.dumps(row(carrier='it\'s $HOME, "quoted"')).encode())
    environment = quiet(SLUICEWAY_API_KEY=key) if key else quiet()
    process = stand.start(environment=environment)
    with process:
        line = next(line for line in process.stderr if line.startswith("  curl "))
        said = subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True, env=environment).stdout
        process.terminate()
        process.communicate(timeout=20)
    assert json.loads(said)["model_version"] == "v1"
    assert stand.records()[-1].inputs["carrier"] == 'it\'s $HOME, "quoted"'


def test_live_requests_are_answered_for_the_projects_present(stand):
    (stand.folder / "sluiceway.toml").write_text("as_of = 2013-11-01\n")
    with stand.serving() as server:
        server.ask(row())
    (record,) = stand.records()
    assert record.at == int(NOW.timestamp()) * 1_000_000
    assert abs(record.arrival / 1e6 - time.time()) < 60


def test_a_board_that_lags_behind_the_ledger_is_brought_up_to_it(stand):
    v2 = stand.shelve(flipped(), "v2")
    record_transition(stand.ledger, Transition(START, start(stand.rollout, v2, Plan((1.0,), 60.0), at=NOW)))
    with stand.serving() as server:
        assert server.get("/health").json["sequence"] == 2
        assert server.ask(row()).json["model_version"] == "v2"


def test_the_workers_tell_their_metrics_together_and_begin_anew_with_each_start(stand):
    for _ in range(2):
        with stand.serving("--workers", "2") as server:
            marks, asked = server.marks(2), {}
            while set(asked) != marks:
                mark = server.ask(row()).worker
                asked[mark] = asked.get(mark, 0) + 1
            assert server.metric("sluiceway_rows_total") == sum(asked.values())
            assert server.metric("sluiceway_rollout_sequence") == 1


def test_a_worker_that_died_counts_no_more_as_lagging_behind(stand):
    v2 = stand.shelve(flipped(), "v2")
    with stand.serving("--workers", "2") as server:
        server.marks(2)
        assert server.ask(row()).status == 200
        server.kill_worker()
        stand.show(START, start(stand.rollout, v2, Plan((1.0,), 60.0), at=NOW))
        eventually(lambda: server.metric("sluiceway_rollout_sequence") == 2)
        assert server.metric("sluiceway_rows_total") == 1


def test_a_port_in_use_is_told(stand):
    with stand.serving() as server:
        code, err = stand.refused("--port", str(server.port))
    assert code == 2
    assert f"port {server.port} of 127.0.0.1 is in use" in err


def test_other_machines_may_reach_only_a_server_with_a_key(stand):
    code, err = stand.refused("--host", "0.0.0.0")
    assert code == 2
    assert "0.0.0.0 can be reached from other machines" in err
    assert "SLUICEWAY_API_KEY" in err
    with stand.serving("--host", "0.0.0.0", key="secret") as server:
        assert server.ask(row()).status == 401
        server.headers = {"x-api-key": "secret"}
        assert server.ask(row()).status == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--workers", "0"), "--workers 0: it must be at least 1"),
        (("--workers", "65"), "it may be 64 at most"),
        (("--max-rows", "0"), "--max-rows 0"),
        (("--max-body", "-1"), "--max-body -1"),
        (("--max-rows", "1000001"), "--max-rows 1000001: it may be 1,000,000 at most"),
        (("--max-body", "1025"), "--max-body 1025: it may be 1,024 at most"),
        (("--body-timeout", "99999999999w"), "is longer than a hundred years"),
        (("--body-timeout", "soon"), "--body-timeout: 'soon' is not a duration"),
        (("--port", "70000"), "port 70000 does not exist"),
        (("--host", "192.0.2.1"), "can be reached from other machines"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_cannot_be_is_refused_before_anything_starts(stand, words, said):
    code, err = stand.refused(*words)
    assert (code, said in err) == (2, True), err


@pytest.mark.parametrize("key", ["   ", "secret "])
def test_a_key_that_a_header_loses_is_refused(stand, key):
    process = stand.start(environment=quiet(SLUICEWAY_API_KEY=key))
    with process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "SLUICEWAY_API_KEY is blank, or begins or ends with a blank" in err


def test_limits_are_set_by_flags(stand):
    with stand.serving("--max-rows", "3", "--max-body", "1") as server:
        assert server.ask([row()] * 3).status == 200
        assert "may hold 3 at most" in server.ask([row()] * 4).json["error"]
        assert "larger than 1,048,576 bytes" in server.ask(b" " * (MIB + 1)).json["error"]


def test_where_nothing_is_registered_nothing_is_served_and_nothing_left_behind(tmp_path):
    process = subprocess.run(
        [*Project.COMMAND, "--project", tmp_path], check=False, capture_output=True, text=True, env=quiet()
    )
    assert process.returncode == 2
    assert "no model is registered yet" in process.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_registered_models_baseline_answers_first_and_goes_on_after_a_restart(featured_shop):
    shop = featured_shop
    shop("run", "--until", "train")
    stand = Project(shop.folder)
    sequences = []
    for _ in range(2):
        process = stand.start()
        with process:
            server = Running(stand, process)
            server.wait_until_ready()
            lacking = server.ask({}).json["error"]
            code, err = server.stop()
        rollout = server.told["rollout"]
        assert (code, rollout["champion"]["version"]) == (0, "v1-baseline")
        assert "no model has passed a live canary yet: the baseline answers" in err
        assert "sluiceway rollout start" in err
        assert "customer_id" in lacking
        sequences.append(rollout["sequence"])
    assert sequences == [1, 1]
    assert current(stand.ledger, LIVE).reason == "no model has passed a live canary yet: the baseline answers"
    assert len(shop.entries("rollout")) == 1
    assert shop("ledger", "verify", "--json").json["broken_at"] is None
