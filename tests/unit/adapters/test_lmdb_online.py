"""What LMDB promises beyond the contract: other processes, kills, limits."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from sluiceway.adapters import lmdb_online
from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.lmdb_panes import LmdbPanes
from sluiceway.core.errors import ConflictError, MisuseError, SourceError
from sluiceway.ports.pane_store import PaneCommit

WRITING = """
import sys
from pathlib import Path
from sluiceway.adapters.lmdb_online import LmdbOnline

store = LmdbOnline(Path(sys.argv[1]), durable=sys.argv[2] == "durable")
stamp = 1
while True:
    store.write("v", [(bytes([number]), stamp.to_bytes(16, "big")) for number in range(200)])
    print(stamp, flush=True)
    stamp += 1
"""
READING = """
import sys
from pathlib import Path
from sluiceway.adapters.lmdb_online import LmdbOnline

print(LmdbOnline(Path(sys.argv[1])).read("v", [b"a", b"b"]))
"""
STAMP = bytes(16)


def test_another_process_reads_what_was_written(tmp_path):
    LmdbOnline(tmp_path).write("v", [(b"a", STAMP + b"x")])
    done = subprocess.run([sys.executable, "-c", READING, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == repr([STAMP + b"x", None])


@pytest.mark.parametrize("how", ["durable", "not durable"])
def test_a_killed_writer_leaves_whole_batches_and_frees_the_store(tmp_path, how):
    child = subprocess.Popen([sys.executable, "-c", WRITING, str(tmp_path), how], stdout=subprocess.PIPE, text=True)
    for _ in range(5):
        child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    last = int((["5", *child.communicate()[0].split()])[-1])
    store = LmdbOnline(tmp_path, durable=how == "durable")
    found = set(store.read("v", [bytes([number]) for number in range(200)]))
    assert len(found) == 1
    assert int.from_bytes(found.pop(), "big") in {last, last + 1}
    assert store.write("v", [(b"a", bytes([255]) * 16)]) == 1


def test_reading_makes_no_folder(tmp_path):
    store = LmdbOnline(tmp_path / "absent")
    assert store.read("v", [b"a"]) == [None]
    assert store.count("v") == 0
    assert store.snapshot("v") == ""
    assert not (tmp_path / "absent").exists()


def test_a_store_that_was_removed_is_empty_for_those_who_have_it_open(tmp_path, monkeypatch):
    reader, writer, panes = (
        LmdbOnline(tmp_path / "s"),
        LmdbOnline(tmp_path / "s"),
        LmdbPanes(LmdbOnline(tmp_path / "s")),
    )
    panes.commit("p/0/0", PaneCommit(b"", b"one", online=[("v", b"a", STAMP)]))
    assert reader.read("v", [b"a"]) == writer.read("v", [b"a"]) == [STAMP]
    shutil.rmtree(tmp_path / "s")
    with pytest.raises(ConflictError, match="gone from the store"):
        panes.commit("p/0/0", PaneCommit(b"one", b"two", online=[("v", b"a", STAMP)]))
    assert panes.header("p/0/0") == b""
    monkeypatch.setattr(lmdb_online, "monotonic", lambda: time.monotonic() + lmdb_online.LOOK_S)
    assert reader.read("v", [b"a"]) == [None]
    writer.write("v", [(b"b", STAMP)])
    assert reader.read("v", [b"a", b"b"]) == [None, STAMP]


def test_a_store_that_was_removed_stays_so_while_it_is_only_read(tmp_path):
    store = LmdbOnline(tmp_path / "s")
    store.replace("v", [(b"a", STAMP)], snapshot="of some")
    shutil.rmtree(tmp_path / "s")
    assert (store.snapshot("v"), store.count("v"), store.read("v", [b"a"])) == ("", 0, [None])
    assert not (tmp_path / "s").exists()


def test_two_stores_on_one_folder_in_one_process_share_it(tmp_path):
    one, two = LmdbOnline(tmp_path), LmdbOnline(tmp_path)
    one.write("v", [(b"a", STAMP)])
    assert two.read("v", [b"a"]) == [STAMP]
    del one
    assert two.count("v") == 1


def test_a_durable_store_is_never_mistaken_for_one_that_is_not(tmp_path):
    quick = LmdbOnline(tmp_path, durable=False)
    quick.write("v", [(b"a", STAMP)])
    with pytest.raises(MisuseError, match="already open here, durable=False"):
        LmdbOnline(tmp_path).write("v", [(b"b", STAMP)])
    del quick
    assert LmdbOnline(tmp_path).count("v") == 1


def test_a_folder_is_opened_anew_after_its_last_store_is_gone(tmp_path):
    LmdbOnline(tmp_path).write("v", [(b"a", STAMP)])
    assert LmdbOnline(tmp_path).count("v") == 1


def test_a_long_key_and_the_bytes_of_its_hash_are_two_keys(tmp_path):
    from hashlib import sha256

    store = LmdbOnline(tmp_path)
    key = b"x" * 600
    store.write("v", [(key, STAMP + b"long"), (sha256(key).digest(), STAMP + b"hash")])
    assert store.read("v", [key, sha256(key).digest()]) == [STAMP + b"long", STAMP + b"hash"]


def test_a_full_store_says_how_large_it_may_be_and_keeps_what_it_had(tmp_path):
    store = LmdbOnline(tmp_path, map_bytes=40 * 4096)
    store.write("v", [(b"a", STAMP)])
    with pytest.raises(SourceError, match="full at 163,840 bytes"):
        store.write("v", [(str(number).encode(), STAMP + bytes(100)) for number in range(5000)])
    assert store.count("v") == 1
    assert store.read("v", [b"a"]) == [STAMP]


def test_the_file_takes_little_disk(tmp_path):
    LmdbOnline(tmp_path).write("v", [(b"a", STAMP)])
    assert (tmp_path / "data.mdb").stat().st_blocks * 512 < 1 << 20


def test_a_file_that_is_no_store_is_named(tmp_path):
    (tmp_path / "data.mdb").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(SourceError, match=str(tmp_path)):
        LmdbOnline(tmp_path).read("v", [b"a"])
