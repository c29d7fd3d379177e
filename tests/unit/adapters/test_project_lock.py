"""One run at a time."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from sluiceway.adapters.project_lock import ProjectLock
from sluiceway.core.errors import LockedError
from sluiceway.core.moments import FixedClock

HOLDING = """
import sys, time
from pathlib import Path
from sluiceway.adapters.project_lock import ProjectLock

with ProjectLock(Path(sys.argv[1])).hold("run --until train"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def start_holder(file, seconds):
    child = subprocess.Popen([sys.executable, "-c", HOLDING, str(file), str(seconds)], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"held\n"
    return child


def test_while_held_the_file_says_who_holds_it(tmp_path):
    lock = ProjectLock(tmp_path / "state" / "lock", FixedClock(datetime(2013, 11, 1, tzinfo=UTC)))
    with lock.hold("run"):
        expected = {"pid": os.getpid(), "host": os.uname().nodename, "since": "2013-11-01T00:00:00Z", "command": "run"}
        assert lock.holder() == expected
        assert json.loads((tmp_path / "state" / "lock").read_text()) == expected
    assert lock.holder() == {}


def test_another_holder_is_named_with_what_to_do(tmp_path):
    child = start_holder(tmp_path / "lock", 60)
    try:
        with pytest.raises(LockedError) as refusal, ProjectLock(tmp_path / "lock").hold("run"):
            pytest.fail("the lock was given twice")
        for fact in ("run --until train", f"process {child.pid}", "since 20", "--wait", "stop that process"):
            assert fact in str(refusal.value)
    finally:
        child.kill()
        child.communicate()


def test_a_killed_holder_frees_the_lock_at_once(tmp_path):
    child = start_holder(tmp_path / "lock", 60)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    lock = ProjectLock(tmp_path / "lock")
    with lock.hold("run"):
        assert lock.holder()["pid"] == os.getpid()


def test_waiting_gets_the_lock_when_the_holder_ends(tmp_path):
    child = start_holder(tmp_path / "lock", 0.3)
    with ProjectLock(tmp_path / "lock").hold("run", wait_s=20):
        assert child.poll() is not None or child.wait(5) == 0
    child.communicate()


def test_waiting_ends_and_says_how_long_it_was(tmp_path):
    lock = ProjectLock(tmp_path / "lock")
    with lock.hold("outer"):
        began = time.monotonic()
        with pytest.raises(LockedError, match=r"'outer'.*after waiting 0.2 s"), lock.hold("inner", wait_s=0.2):
            pytest.fail("the lock was given twice")
        assert 0.2 <= time.monotonic() - began < 5


def test_a_refused_run_leaves_the_holders_name_alone(tmp_path):
    lock = ProjectLock(tmp_path / "lock")
    with lock.hold("outer"):
        with pytest.raises(LockedError), lock.hold("inner"):
            pytest.fail("the lock was given twice")
        assert lock.holder()["command"] == "outer"


def test_the_lock_is_freed_by_an_error_and_taken_again(tmp_path):
    lock = ProjectLock(tmp_path / "lock")
    with pytest.raises(RuntimeError, match="broken"), lock.hold("run"):
        raise RuntimeError("broken")
    with lock.hold("run"):
        assert lock.holder()["command"] == "run"


def test_a_child_process_does_not_inherit_the_lock(tmp_path):
    lock = ProjectLock(tmp_path / "lock")
    with lock.hold("run"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
    try:
        with lock.hold("next"):
            assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_what_a_file_of_nonsense_says_is_nobody(tmp_path):
    (tmp_path / "lock").write_text("[1")
    lock = ProjectLock(tmp_path / "lock")
    assert lock.holder() == {}
    with lock.hold("run"):
        assert lock.holder()["command"] == "run"
