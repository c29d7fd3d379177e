"""The folder of the request log: days, processes, kills, full disks."""

import os
import shutil
import signal
import subprocess
import sys
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.adapters import request_folder
from sluiceway.adapters.request_folder import RequestFolder
from sluiceway.core.errors import SourceError

DAY = 86_400.0


class Hands:
    """A clock that is set by hand."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Hands(16_000 * DAY)  # 2013-10-22


@pytest.fixture
def log(tmp_path, clock):
    made = RequestFolder(tmp_path / "requests", seconds=clock)
    yield made
    made.close()


def content(log, after=""):
    return b"".join(chunk for _, chunk in log.read(after))


def files(log):
    return sorted(path.name for path in log._folder.glob("*.jsonl"))


def test_every_day_has_a_file_and_days_are_read_in_order(log, clock):
    for day in range(3):
        clock.seconds = (16_000 + day) * DAY + 5
        log.append(b"day %d\n" % day)
    assert files(log) == ["requests-2013-10-22.jsonl", "requests-2013-10-23.jsonl", "requests-2013-10-24.jsonl"]
    assert content(log) == b"day 0\nday 1\nday 2\n"


def test_a_file_that_was_deleted_is_made_anew_and_nothing_is_lost(log):
    log.append(b"one\n")
    (log._folder / "requests-2013-10-22.jsonl").unlink()
    log.append(b"two\n")
    assert content(log) == b"two\n"


def test_a_file_that_was_moved_away_keeps_what_it_had_and_another_takes_the_rest(log, tmp_path):
    log.append(b"one\n")
    moved = (log._folder / "requests-2013-10-22.jsonl").rename(tmp_path / "moved.jsonl")
    log.append(b"two\n")
    assert (moved.read_bytes(), content(log)) == (b"one\n", b"two\n")


def test_a_folder_that_was_deleted_is_made_anew_with_a_lock_that_others_find(log, clock):
    log.append(b"one\n")
    shutil.rmtree(log._folder)
    other = RequestFolder(log._folder, seconds=clock)
    other.append(b"two\n")
    log.append(b"three\n")
    other.append(b"four\n")
    assert content(log) == b"two\nthree\nfour\n"
    assert os.fstat(log._lock_file).st_ino == os.fstat(other._lock_file).st_ino
    other.close()


def test_a_check_finds_out_that_nothing_can_be_written_and_leaves_nothing_behind(log, tmp_path):
    log.append(b"one\n")
    log.check()
    assert content(log) == b"one\n"
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SourceError, match=r"cannot be written: .*; check the disk and the rights"):
        RequestFolder(tmp_path / "file").check()


def test_a_mark_goes_on_over_midnight(log, clock):
    log.append(b"one\n")
    *_, (mark, _) = log.read()
    log.append(b"two\n")
    clock.seconds += DAY
    log.append(b"three\n")
    assert content(log, mark) == b"two\nthree\n"


def test_old_days_may_be_deleted(log, clock):
    log.append(b"old\n")
    *_, (mark, _) = log.read()
    clock.seconds += DAY
    log.append(b"new\n")
    (log._folder / files(log)[0]).unlink()
    assert content(log) == content(log, mark) == b"new\n"


def test_a_clock_set_back_reorders_nothing(log, clock):
    clock.seconds += DAY
    log.append(b"one\n")
    clock.seconds -= DAY
    log.append(b"two\n")
    assert content(log) == b"one\ntwo\n"


@pytest.mark.parametrize("torn", [b'{"a":1', b"x" * 200_000, b'{"a":{}}'])
def test_what_a_killed_writer_left_of_a_line_is_not_read_and_cut_off(log, torn):
    log.append(b"whole\n")
    with (log._folder / files(log)[0]).open("ab") as file:
        file.write(torn)
    assert content(log) == b"whole\n"
    log.append(b"next\n")
    assert content(log) == b"whole\nnext\n"


def test_a_file_that_holds_nothing_but_a_torn_line_begins_anew(log):
    log.append(b"x\n")
    (log._folder / files(log)[0]).write_bytes(b"torn")
    assert content(log) == b""
    log.append(b"first\n")
    assert content(log) == b"first\n"


def test_a_line_longer_than_a_chunk_is_read_whole(log, monkeypatch):
    monkeypatch.setattr(request_folder, "CHUNK_BYTES", 100)
    lines = [b"x" * size + b"\n" for size in (10, 99, 100, 5000, 1)]
    for line in lines:
        log.append(line)
    assert content(log) == b"".join(lines)
    assert max(len(chunk) for _, chunk in log.read()) < 6500


def test_a_write_that_fails_half_way_leaves_nothing(log, monkeypatch):
    log.append(b"before\n")
    write, sizes = os.write, iter([3])

    def full(descriptor, data):
        size = next(sizes, None)
        if size is None:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:size])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(SourceError, match="No space left on device"):
        log.append(b"never\n")
    monkeypatch.undo()
    assert content(log) == b"before\n"
    log.append(b"after\n")
    assert content(log) == b"before\nafter\n"


def test_a_write_that_comes_in_parts_is_completed(log, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:2]))
    log.append(b"whole line\n")
    monkeypatch.undo()
    assert content(log) == b"whole line\n"


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "requests").write_text("a file where the folder should be")
    with pytest.raises(SourceError, match="cannot be written"):
        RequestFolder(tmp_path / "requests").append(b"x\n")


def test_reading_makes_no_folder(tmp_path):
    assert list(RequestFolder(tmp_path / "requests").read()) == []
    assert not (tmp_path / "requests").exists()


def test_a_log_that_was_closed_opens_again(log):
    log.append(b"one\n")
    log.close()
    log.append(b"two\n")
    assert content(log) == b"one\ntwo\n"


WRITER = """
import sys
from pathlib import Path
from sluiceway.adapters.request_folder import RequestFolder
log, name, size = RequestFolder(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
number = 0
while number < int(sys.argv[4]):
    log.append(f"{name} {number} {'x' * size}\\n".encode())
    number += 1
    if number % 50 == 0:
        print(number, flush=True)
"""


def writer(folder, name, size, lines):
    command = [sys.executable, "-c", WRITER, str(folder), name, str(size), str(lines)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_processes_that_append_together_tear_no_line(tmp_path):
    writers = [writer(tmp_path, name, 300, 1000) for name in "abc"]
    assert [process.communicate(timeout=60) and process.returncode for process in writers] == [0, 0, 0]
    lines = content(RequestFolder(tmp_path)).splitlines()
    assert len(lines) == 3000
    for name in "abc":
        own = [line for line in lines if line.startswith(name.encode())]
        assert own == [f"{name} {number} {'x' * 300}".encode() for number in range(1000)]


@pytest.mark.parametrize("size", [100, 200_000])
def test_a_kill_loses_nothing_that_was_appended_and_blocks_nobody(tmp_path, size):
    victim = writer(tmp_path, "victim", size, 10**9)
    told = 0
    for _ in range(4):
        told = int(victim.stdout.readline())
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate(timeout=30)
    log = RequestFolder(tmp_path)
    log.append(b"survivor\n")
    log.close()
    *lines, last = content(log).splitlines()
    assert last == b"survivor"
    assert len(lines) >= told == 200
    assert lines == [f"victim {number} {'x' * size}".encode() for number in range(len(lines))]


def test_a_log_that_was_opened_before_a_fork_takes_turns_after_it(tmp_path):
    code = """
import os, sys
from pathlib import Path
from sluiceway.adapters.request_folder import RequestFolder
log = RequestFolder(Path(sys.argv[1]))
log.append(b"parent\\n")
child = os.fork()
for number in range(300):
    log.append(f"{'parent' if child else 'child'} {number} {'x' * 500}\\n".encode())
if child:
    os.waitpid(child, 0)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    lines = content(RequestFolder(tmp_path)).splitlines()
    assert len(lines) == 601
    for name in ("parent", "child"):
        assert [f"{name} {number} {'x' * 500}".encode() for number in range(300)] == [
            line for line in lines if line.startswith(f"{name} ".encode())
        ]


def test_what_callers_gave_only_the_owner_reads(log):
    log.append(b"a line\n")
    assert log._folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in log._folder.iterdir()} == {
        "lock": 0o600, "requests-2013-10-22.jsonl": 0o600,
    }  # fmt: skip


def test_a_folder_that_may_not_be_listed_is_not_an_empty_log(log, monkeypatch):
    def refused(folder):
        raise PermissionError(13, "Permission denied")

    log.append(b"a line\n")
    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(SourceError, match=r"cannot be listed: Permission denied; only the user"):
        content(log)


def test_a_mark_that_other_lines_came_to_lie_across_begins_with_the_whole_line(log):
    log.append(b"kept\n")
    log.append(b"taken back, as the disk was full\n")
    *_, (mark, _) = log.read()
    path = log._folder / files(log)[0]
    path.write_bytes(b"kept\n")
    assert content(log, mark) == b""
    log.append(b"a short one\n")
    assert content(log, mark) == b""
    log.append(b"a line that lies across the old mark\n")
    log.append(b"another\n")
    assert content(log, mark) == b"a line that lies across the old mark\nanother\n"


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.data())
def test_reading_on_from_anywhere_gives_whole_lines_only(sizes, data):
    lines = [b"x" * size + b"\n" for size in sizes]
    with TemporaryDirectory() as name:
        path = Path(name) / "requests-2013-10-22.jsonl"
        path.write_bytes(b"".join(lines))
        offset = data.draw(st.integers(0, path.stat().st_size))
        found = content(RequestFolder(Path(name)), f"{path.name}:{offset}")
    assert b"".join(lines).endswith(found)
    ends = list(accumulate(map(len, lines), initial=0))
    begun = max(end for end in ends if end <= offset)
    assert len(found) == ends[-1] - begun
