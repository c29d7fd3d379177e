"""What the SQLite state store promises beyond the contract: kills, other processes, damage."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from sluiceway.adapters.sqlite_state import PAGE_ROWS, SqliteState
from sluiceway.core.errors import DamagedError, SourceError
from sluiceway.ports.state_store import StoredEntry

APPENDING = """
import sys
from hashlib import sha256
from pathlib import Path
from sluiceway.adapters.sqlite_state import SqliteState
from sluiceway.core.errors import ConflictError
from sluiceway.ports.state_store import StoredEntry

store = SqliteState(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    while True:
        newest = store.newest()
        sequence, previous = (newest.sequence + 1, newest.digest) if newest else (1, "")
        body = f"{sys.argv[2]} {number}".encode()
        try:
            store.append(StoredEntry(sequence, previous, sha256(previous.encode() + body).hexdigest(), body))
            break
        except ConflictError:
            continue
    print(body.decode(), flush=True)
"""


def start(file, name, times):
    command = [sys.executable, "-c", APPENDING, str(file), name, str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def chain_is_whole(entries):
    follows = all(later.previous == earlier.digest for earlier, later in pairwise(entries))
    return follows and [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path):
    file = tmp_path / "ledger.db"
    acknowledged = []
    for run in range(3):
        child = start(file, str(run), 100_000)
        acknowledged.append(child.stdout.readline().strip())
        time.sleep(0.03 * run)
        os.kill(child.pid, signal.SIGKILL)
        acknowledged += child.communicate()[0].split("\n")[:-1]
    entries = list(SqliteState(file).entries())
    bodies = [entry.body.decode() for entry in entries]
    assert [body for body in bodies if body in set(acknowledged)] == acknowledged
    assert len(bodies) <= len(acknowledged) + 3
    assert chain_is_whole(entries)


def test_two_processes_that_retry_lose_and_repeat_nothing(tmp_path):
    file = tmp_path / "ledger.db"
    children = [start(file, name, 40) for name in ("a", "b")]
    for child in children:
        child.communicate()
    entries = list(SqliteState(file).entries())
    assert sorted(entry.body.decode() for entry in entries) == sorted(
        f"{name} {number}" for name in "ab" for number in range(40)
    )
    assert chain_is_whole(entries)


def test_reading_makes_no_file(tmp_path):
    store = SqliteState(tmp_path / "absent" / "ledger.db")
    assert store.newest() is None
    assert list(store.entries()) == []
    assert not (tmp_path / "absent").exists()


def test_an_empty_file_is_an_empty_store(tmp_path):
    (tmp_path / "ledger.db").touch()
    store = SqliteState(tmp_path / "ledger.db")
    assert store.newest() is None
    store.append(StoredEntry(1, "", "d", b"x"))
    assert len(list(store.entries())) == 1


def test_one_file_is_all_there_is_at_rest(tmp_path):
    store = SqliteState(tmp_path / "ledger.db")
    store.append(StoredEntry(1, "", "d", b"x"))
    list(store.entries())
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]


def test_entries_beyond_one_page_are_all_read(tmp_path):
    file = tmp_path / "ledger.db"
    SqliteState(file).append(StoredEntry(1, "", "1", b""))
    with sqlite3.connect(file) as connection:
        rows = [(number, str(number - 1), str(number), b"") for number in range(2, 2 * PAGE_ROWS + 2)]
        connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
    connection.close()
    assert [entry.sequence for entry in SqliteState(file).entries()] == list(range(1, 2 * PAGE_ROWS + 2))


def test_an_edited_entry_is_read_as_it_is_now(tmp_path):
    file = tmp_path / "ledger.db"
    SqliteState(file).append(StoredEntry(1, "", "d", b"true"))
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE entries SET body = 'false'")
    connection.close()
    assert list(SqliteState(file).entries()) == [StoredEntry(1, "", "d", b"false")]


def test_a_file_that_is_no_database_is_damage_and_named(tmp_path):
    file = tmp_path / "ledger.db"
    file.write_bytes(b"not a database, not at all" * 100)
    for ask in (SqliteState(file).newest, lambda: list(SqliteState(file).entries())):
        with pytest.raises(DamagedError, match=str(file)):
            ask()


def test_a_folder_in_its_place_is_named(tmp_path):
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(SourceError, match=r"ledger\.db"):
        SqliteState(tmp_path / "ledger.db").append(StoredEntry(1, "", "d", b""))


def test_odd_folder_names_are_names(tmp_path):
    file = tmp_path / "a b?mode=ro#ü%20" / "ledger.db"
    SqliteState(file).append(StoredEntry(1, "", "d", b"x"))
    assert SqliteState(file).newest() == StoredEntry(1, "", "d", b"x")
    assert file.is_file()
