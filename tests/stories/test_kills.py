"""A kill at any moment is repaired by the next run: the same content ids as if nothing had happened.

Every kill is proved: the process died of SIGKILL, and the ledger has what stands before the node that was at work and
lacks the node itself. A kill that came too late for that is tried again, earlier, on a project as it was before.
"""

import json
import os
import re
import signal
import socket
import time
from pathlib import Path
from threading import Thread

import pytest
from tests.served_project import eventually

from sluiceway.adapters.project_lock import ProjectLock

MOMENTS_S = (0.05, 0.4)
ATTEMPTS = 5
PATIENCE_S = 60
# the node at work: what the ledger holds by then, and the lines on standard error behind which it begins
BEFORE = {
    "spec": (set(), ()),
    "ingest": ({"made spec", "verdict spec"}, ("gate 1",)),
    "validate": ({"made ingest", "verdict ingest"}, ("gate 2",)),
    "features": ({"made validate", "verdict validate"}, ("gate 3",)),
    "baseline": ({"made features", "verdict features"}, ("  train",)),
    "train": ({"made features", "verdict features"}, ("gate 4",)),
    "evaluate": ({"made train", "made baseline"}, ("  train", "  baseline")),
    "publish": ({"made evaluate", "verdict train"}, ("gate 5",)),
    "deploy": ({"published evaluate", "verdict train"}, ("gate 5",)),
    "replay": ({"made deploy", "verdict deploy"}, ("gate 6",)),
}


@pytest.mark.parametrize("node", ["spec", "ingest", "validate", "features"])
def test_kills_in_an_early_stage_change_nothing(declared, tmp_path, node, made):
    shop = killed_twice(declared, tmp_path, node)
    again = shop("run", "--until", "features", "--json").json["made"]
    assert again == {name: made[name] for name in ("spec", "ingest", "validate", "features")}
    assert shop("ledger", "verify", "--json").json["broken_at"] is None
    assert list((shop.folder / ".sluiceway").glob("scratch-*")) == []


@pytest.mark.parametrize("node", ["train", "evaluate", "publish"])
def test_kills_in_training_and_while_a_model_is_registered_change_nothing(featured, tmp_path, node, made):
    shop = killed_twice(featured, tmp_path, node)
    assert shop("run", "--json").json["made"] == made
    assert [model["version"] for model in shop("models", "list", "--json").json["models"]] == [1]
    assert shop.registrations() == 1
    assert shop("ledger", "verify", "--json").json["broken_at"] is None


def test_kills_in_the_baseline_alone_change_nothing(finished, tmp_path, made):
    """Beside a model that is cached; in a first run both work at once, and ``train`` above is killed with it."""
    shop = finished.copied(tmp_path / "shop")
    recipe = next(entry["body"]["recipe"] for entry in shop.entries("made") if entry["body"]["node"] == "baseline")
    shop.stored(f"objects/artifacts/*/{recipe}.json").unlink()
    shop = killed_twice(shop, tmp_path, "baseline")
    again = shop("run", "--json").json
    assert again["made"] == made
    assert set(made) - set(again["cached"]) == {"baseline"}
    assert shop.registrations() == 1


@pytest.mark.parametrize(("node", "gate"), [("deploy", 6), ("replay", 7)])
def test_kills_while_a_server_is_asked_change_nothing_and_leave_no_server_behind(
    trained, finished, tmp_path, node, gate, made
):
    asked, shop = requests_of(finished, gate), trained
    for number, answered in enumerate((1, asked // 2)):
        shop, server = killed_while_asking(shop, tmp_path / f"{node}-{number}", node, answered=answered, of=asked)
        assert_all_gone(server)
    assert shop("run", "--json").json["made"] == made
    state = shop.folder / ".sluiceway"
    assert list(state.glob("rehearsal-*")) == []
    for lock in (ProjectLock(state / name) for name in ("lock", "rehearsal.lock")):
        assert lock.holder() == {}
        with lock.hold("test"):
            pass
    assert shop("ledger", "verify", "--json").json["broken_at"] is None
    assert shop.registrations() == 1


@pytest.mark.parametrize("victim", [0, 1], ids=["server", "worker"])
def test_a_rehearsal_that_lost_its_server_or_a_worker_of_it_begins_anew(trained_shop, made, victim):
    """What a worker had not yet answered is in no log: nothing else could tell that it was asked at all."""
    running = trained_shop.start("run", "--json")
    until(running, *BEFORE["deploy"][1])
    log_with(running, trained_shop.folder / ".sluiceway", set(), 300)
    os.kill(descendants(running.pid)[victim], signal.SIGKILL)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, err
    assert json.loads(out)["made"] == made
    begun = [entry["body"]["name"] for entry in trained_shop.entries("rollout")].count("first")
    assert begun == 2 or (victim == 1 and begun == 1)  # a worker that was asked nothing just then takes nothing with it


def test_a_run_that_is_interrupted_says_that_the_next_goes_on(fresh_shop):
    running = fresh_shop.start("run", "--until", "features")
    heard = until(running, "gate 1")
    os.killpg(running.pid, signal.SIGINT)
    heard += running.stderr.read()
    with running:  # closes its pipes, which a watchdog would else hold open
        assert running.wait(timeout=PATIENCE_S) == 130
    assert "the next run goes on" in heard
    assert "Traceback" not in heard
    fresh_shop("run", "--until", "ingest")


def killed_twice(origin, folder, node):
    """Kill a run as its node begins, and the next run some way into the same node; return the project behind both."""
    shop = origin
    for number, moment_s in enumerate(MOMENTS_S):
        shop = killed_in(shop, folder / f"{node}-{number}", node, moment_s)
    return shop


def killed_in(origin, folder, node, moment_s):
    """Kill a run in a copy of a project while a node works, a moment after it began, or earlier if that is too late."""
    for attempt in range(ATTEMPTS):
        shop = origin.copied(folder / str(attempt))
        earlier = facts(shop)
        running = shop.start("run")
        begun(shop, running, node)
        time.sleep(moment_s / 2**attempt)
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate(timeout=PATIENCE_S)
        if running.returncode == -signal.SIGKILL and at_work(node, earlier, facts(shop)):
            return shop
    raise AssertionError(f"{ATTEMPTS} runs got past {node!r} before they could be killed")


def killed_while_asking(origin, folder, node, *, answered, of):
    """Kill a run in a copy of a project once its server has answered so many requests, but not yet all.

    The run alone is killed. Returned is the project, and the server that was left alone: its port and its processes.
    """
    for attempt in range(ATTEMPTS):
        shop = origin.copied(folder / str(attempt))
        state = shop.folder / ".sluiceway"
        before, swept = facts(shop), set(state.glob("rehearsal-*"))
        running = shop.start("run")
        until(running, *BEFORE[node][1])
        swept |= set(state.glob("rehearsal-*")) if node == "replay" else set()
        log = log_with(running, state, swept, answered)
        server = {"processes": descendants(running.pid), "port": port_of(log)}
        os.kill(running.pid, signal.SIGKILL)
        running.communicate(timeout=PATIENCE_S)
        if running.returncode == -signal.SIGKILL and lines_in(log) < of and at_work(node, before, facts(shop)):
            assert len(server["processes"]) == 2, "the server and its worker"
            return shop, server
    raise AssertionError(f"{ATTEMPTS} runs got past {node!r} before they could be killed")


def log_with(running, state, swept, many):
    """Wait until the server of a rehearsal that was not there before has logged so many requests; return its log."""
    while running.poll() is None:
        for log in state.glob("rehearsal-*/requests/*.jsonl"):
            if log.parents[1] not in swept and lines_in(log) >= many:
                return log
        time.sleep(0.001)
    raise AssertionError(f"the run was over before {many} requests were answered")


def lines_in(log):
    """How many requests a log holds; none, once it is swept away."""
    try:
        return log.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def requests_of(shop, gate):
    """How many requests a stage asked, as its gate tells."""
    skew = shop.gates()["deploy" if gate == 6 else "observe"]["criteria"][-1]["detail"]
    return int(re.search(r"values of ([\d,]+) rows", skew)[1].replace(",", ""))


def port_of(log):
    """The port of the server that writes a log."""
    return int(json.loads((log.parents[1] / "said.json").read_text())["url"].rpartition(":")[2])


def descendants(pid):
    """The processes that a process started, and those that they did."""
    children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [each for child in children for each in descendants(child)]


def is_alive(pid):
    """Whether a process runs; one that ended and that nobody asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def assert_all_gone(server):
    """Wait until a server's processes have ended, and check that nobody listens on its port."""
    eventually(lambda: not any(map(is_alive, server["processes"])))
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server["port"]), timeout=5):
        pass


def at_work(node, earlier, now):
    """Whether the ledger has what the node waits for, and has not got what it was to write."""
    needed, _ = BEFORE[node]
    own = "published evaluate" if node == "publish" else f"made {node}"
    return needed <= set(now) and now.count(own) == earlier.count(own)


def facts(shop):
    """What the ledger says was made, judged and published, oldest first."""
    if not (shop.folder / ".sluiceway" / "ledger.db").exists():
        return []
    entries = shop("ledger", "log", "--last", "1000", "--json").json["entries"]
    named = ((entry["kind"], entry["body"]) for entry in entries)
    return [f"{kind} {body.get('stage') or body.get('node')}" for kind, body in named]


def begun(shop, running, node):
    """Wait until a node is at work: what precedes it was said; for the first one, the lock is held by this run."""
    _, lines = BEFORE[node]
    if lines:
        until(running, *lines)
        return
    lock = shop.folder / ".sluiceway" / "lock"
    over = time.monotonic() + PATIENCE_S
    while not (lock.exists() and (text := lock.read_text()) and json.loads(text)["pid"] == running.pid):
        assert time.monotonic() < over, "the lock was never taken"
        assert running.poll() is None, "the run was over before it took the lock"
        time.sleep(0.01)


def until(running, *texts):
    """Read standard error until each of some texts has stood in a line."""
    heard = ""
    watchdog = Thread(target=lambda: (time.sleep(PATIENCE_S), running.poll() is None and running.kill()), daemon=True)
    watchdog.start()
    for line in running.stderr:
        heard += line
        if all(text in heard for text in texts):
            return heard
    raise AssertionError(f"{texts} were never said:\n{heard}")
