"""A kill at any moment is repaired by the next run: the same content ids as if nothing had happened."""

import os
import signal
import time
from threading import Thread

import pytest

# each node of a stage, the line on standard error behind which it begins, and how long after it the killer waits
EARLY = {"spec": None, "ingest": "gate 1", "validate": "gate 2", "features": "gate 3"}
LATE = {"train": "gate 4", "evaluate": "  train", "publish": "gate 5"}
MOMENTS_S = (0.0, 0.4)


@pytest.mark.parametrize("node", EARLY)
def test_kills_in_an_early_stage_change_nothing(fresh_shop, node, made):
    for moment_s in MOMENTS_S:
        killed_after(fresh_shop, EARLY[node], moment_s)
    again = fresh_shop("run", "--until", "features", "--json").json["made"]
    assert again == {name: made[name] for name in ("spec", "ingest", "validate", "features")}
    assert fresh_shop("ledger", "verify", "--json").json["broken_at"] is None
    assert list((fresh_shop.folder / ".sluiceway").glob("scratch-*")) == []


@pytest.mark.parametrize("node", LATE)
def test_kills_in_training_and_while_a_model_is_registered_change_nothing(featured_shop, node, made):
    for moment_s in MOMENTS_S:
        killed_after(featured_shop, LATE[node], moment_s)
    assert featured_shop("run", "--json").json["made"] == made
    assert [model["version"] for model in featured_shop("models", "list", "--json").json["models"]] == [1]
    assert len(featured_shop.entries("published")) == 1
    assert featured_shop("ledger", "verify", "--json").json["broken_at"] is None


def test_a_run_that_is_interrupted_says_that_the_next_goes_on(fresh_shop):
    running = fresh_shop.start("run", "--until", "features")
    heard = until(running, "gate 1")
    os.killpg(running.pid, signal.SIGINT)
    heard += running.stderr.read()
    assert running.wait(timeout=60) == 130
    assert "the next run goes on" in heard
    assert "Traceback" not in heard
    fresh_shop("run", "--until", "ingest")


def killed_after(shop, line, moment_s):
    """Run, and kill the process and all that it started a moment after a line of its story."""
    running = shop.start("run")
    if line is not None:
        until(running, line)
    time.sleep(moment_s if line is not None else 0.2 + moment_s)
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate(timeout=60)


def until(running, text):
    """Read standard error up to a line that holds a text."""
    heard = ""
    watchdog = Thread(target=lambda: (time.sleep(60), running.poll() is None and running.kill()), daemon=True)
    watchdog.start()
    for line in running.stderr:
        heard += line
        if text in line:
            return heard
    raise AssertionError(f"{text!r} was never said:\n{heard}")
