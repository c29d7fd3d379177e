"""What every object store promises."""

import gc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.remote_places import RemotePlaces
from sluiceway.adapters.source_files import SourceFiles
from sluiceway.core.errors import MisuseError, UnknownObjectError

ADAPTERS = {
    "local": lambda folder: ObstoreObjects.local(folder / "objects"),
    "memory": lambda folder: ObstoreObjects.memory(),
    "sources": lambda folder: SourceFiles(
        ObstoreObjects.local(folder / "project"),
        kept=ObstoreObjects.memory(),
        places=RemotePlaces({}, {}),
        spool=folder,
    ),
}
BAD_KEYS = ["", "/etc/passwd", "../up", "a/../../up", "a//b", "a/", "./a", "a/.", "a#1", "a\0b"]


@pytest.fixture(params=[*ADAPTERS, "s3"])
def store(request, tmp_path):
    if request.param == "s3":
        return ObstoreObjects.over(request.getfixturevalue("lake").store())
    return ADAPTERS[request.param](tmp_path)


def test_an_empty_store_has_nothing_and_says_so(store):
    assert store.list() == []
    assert not store.has("a/b")
    with pytest.raises(UnknownObjectError, match="'a/b'"):
        store.get("a/b")
    with pytest.raises(UnknownObjectError, match="'a/b'"):
        store.stream("a/b")


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 30_000])
def test_bytes_come_back_as_they_were_put(store, data):
    store.put("a/b.bin", data)
    assert store.get("a/b.bin") == data
    assert b"".join(store.stream("a/b.bin")) == data
    assert store.has("a/b.bin")


def test_a_stream_is_stored_whole_and_read_in_small_chunks(store):
    parts = [bytes([number]) * 700_001 for number in range(20)]
    store.put("big", (part for part in parts))
    chunks = list(store.stream("big"))
    assert b"".join(chunks) == b"".join(parts)
    assert max(map(len, chunks)) <= 4 << 20


@pytest.mark.parametrize("parts", [[], [b""], [b"", b"x", b""]])
def test_a_stream_of_little_or_nothing_is_stored(store, parts):
    store.put("small", parts)
    assert store.get("small") == b"".join(parts)


def test_a_stream_read_from_a_store_can_be_put_into_it(store):
    store.put("a", bytes(range(256)) * 20_000)
    store.put("b", store.stream("a"))
    assert store.get("b") == store.get("a")


def test_a_second_put_replaces_and_changes_the_tag(store):
    store.put("a", b"one")
    before = store.list()[0]
    store.put("a", b"two")
    after = store.list()[0]
    assert store.get("a") == b"two"
    assert after.tag
    assert after.tag != before.tag


def test_a_stream_that_breaks_leaves_what_was_there(store):
    def broken():
        yield b"x" * 7_000_000
        raise RuntimeError("source is gone")

    store.put("kept", b"old")
    for key in ("kept", "new"):
        with pytest.raises(RuntimeError, match="source is gone"):
            store.put(key, broken())
    assert store.get("kept") == b"old"
    assert [info.key for info in store.list()] == ["kept"]


def test_a_stream_that_nobody_reads_leaves_nothing_open(store):
    store.put("a", b"1" * 3_000_000)
    store.stream("a")
    started = store.stream("a")
    next(started)
    del started
    gc.collect()  # what was left open would be warned of, and warnings are errors


def test_a_reader_keeps_what_it_began_to_read(store):
    store.put("a", b"1" * 3_000_000)
    chunks = store.stream("a")
    first = next(chunks)
    store.put("a", b"2" * 3_000_000)
    assert first + b"".join(chunks) == b"1" * 3_000_000


def test_list_is_sorted_by_key_and_tells_size_and_time(store):
    for key in ("b", "a/z", "a/b/c", "a-b"):
        store.put(key, key.encode())
    found = store.list()
    assert [info.key for info in found] == ["a-b", "a/b/c", "a/z", "b"]
    assert [info.size_bytes for info in found] == [3, 5, 3, 1]
    assert all(abs(info.modified_at - datetime.now(UTC)) < timedelta(minutes=5) for info in found)


def test_list_finds_the_one_object_of_a_key(store):
    store.put("a/b.csv", b"x")
    store.put("a/b.csv.zip", b"y")
    assert [info.key for info in store.list("a/b.csv")] == ["a/b.csv"]
    assert store.list("a/c.csv") == []


def test_list_takes_a_folder_not_the_beginning_of_a_name(store):
    for key in ("data/a", "data/deep/b", "data2/c", "dat"):
        store.put(key, b"")
    assert [info.key for info in store.list("data")] == ["data/a", "data/deep/b"]
    assert [info.key for info in store.list("data/")] == ["data/a", "data/deep/b"]
    assert store.list("none") == []


@pytest.mark.parametrize("key", ["50%.csv", "ü x.csv", "q?*~[]{}.csv", "a#b", "%2e%2e", "a\\b"])
def test_odd_names_are_names(store, key):
    store.put(f"data/{key}", b"x")
    assert store.get(f"data/{key}") == b"x"
    assert [info.key for info in store.list("data")] == [f"data/{key}"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_is_no_relative_path_is_refused_everywhere(store, key):
    for ask in (
        lambda: store.put(key, b"x"),
        lambda: store.get(key),
        lambda: store.stream(key),
        lambda: store.has(key),
    ):
        with pytest.raises(MisuseError, match="relative path"):
            ask()
    assert store.list() == []


def test_threads_write_whole_objects(store):
    def write(number):
        store.put("shared", bytes([number]) * 200_000)
        store.put(f"own/{number}", [bytes([number])] * 10)
        return set(store.get("shared"))

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(write, range(16)))
    assert all(len(values) == 1 for values in seen)
    assert [store.get(f"own/{number}") for number in range(16)] == [bytes([number]) * 10 for number in range(16)]
