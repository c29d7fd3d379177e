"""What every state store promises."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from sluiceway.adapters.memory_state import MemoryState
from sluiceway.adapters.sqlite_state import SqliteState
from sluiceway.core.errors import ConflictError
from sluiceway.ports.state_store import StoredEntry

ADAPTERS = {
    "sqlite": lambda folder: SqliteState(folder / "state" / "ledger.db"),
    "memory": lambda folder: MemoryState(),
}
GENESIS = "0" * 64


@pytest.fixture(params=ADAPTERS)
def store(request, tmp_path):
    return ADAPTERS[request.param](tmp_path)


def following(newest, body):
    sequence, previous = (newest.sequence + 1, newest.digest) if newest else (1, GENESIS)
    return StoredEntry(sequence, previous, sha256(f"{sequence}{previous}".encode() + body).hexdigest(), body)


def append(store, body):
    while True:
        try:
            entry = following(store.newest(), body)
            store.append(entry)
        except ConflictError:
            continue
        return entry


def test_an_empty_store_has_no_newest_and_no_entries(store):
    assert store.newest() is None
    assert list(store.entries()) == []


def test_entries_come_back_as_stored_oldest_first(store):
    made = [append(store, body) for body in (b"", b'{"a":1}', bytes(range(256)), "ü".encode())]
    assert list(store.entries()) == made
    assert list(store.entries(after=1)) == made[1:]
    assert list(store.entries(after=len(made))) == []
    assert store.newest() == made[-1]


def test_the_first_entry_has_number_one(store):
    with pytest.raises(ConflictError, match="entry 2"):
        store.append(StoredEntry(2, GENESIS, "d", b""))
    assert store.newest() is None


@pytest.mark.parametrize(("step", "previous"), [(0, None), (2, None), (1, "f" * 64), (1, GENESIS), (-1, None)])
def test_an_entry_that_does_not_follow_is_refused_and_changes_nothing(store, step, previous):
    newest = [append(store, b"x") for _ in range(2)][-1]
    entry = StoredEntry(newest.sequence + step, previous or newest.digest, "e" * 64, b"y")
    with pytest.raises(ConflictError, match="retry"):
        store.append(entry)
    assert [found.body for found in store.entries()] == [b"x", b"x"]


def test_of_two_that_follow_the_same_entry_the_second_is_refused(store):
    newest = append(store, b"x")
    one, two = following(newest, b"one"), following(newest, b"two")
    store.append(one)
    with pytest.raises(ConflictError):
        store.append(two)
    with pytest.raises(ConflictError):
        store.append(one)
    assert store.newest() == one


def test_appending_while_reading_neither_blocks_nor_repeats(store):
    for number in range(3):
        append(store, bytes([number]))
    seen = []
    for entry in store.entries():
        seen.append(entry.sequence)
        if len(seen) <= 3:
            append(store, b"later")
    assert seen == sorted(set(seen))
    assert seen[:3] == [1, 2, 3]


def test_threads_that_retry_lose_nothing(store):
    bodies = [f"{number}".encode() for number in range(24)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda body: append(store, body), bodies))
    entries = list(store.entries())
    assert sorted(entry.body for entry in entries) == sorted(bodies)
    assert [entry.sequence for entry in entries] == list(range(1, 25))
    assert [entry.previous for entry in entries] == [GENESIS, *(entry.digest for entry in entries[:-1])]
