"""What every pane store promises."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.lmdb_panes import LmdbPanes
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_panes import MemoryPanes
from sluiceway.adapters.redis_online import RedisOnline
from sluiceway.adapters.redis_panes import RedisPanes
from sluiceway.adapters.redis_wire import RedisWire
from sluiceway.core.errors import ConflictError, MisuseError, TransientError
from sluiceway.ports.pane_store import PaneCommit

ADAPTERS = ("lmdb", "memory", "redis")
VIEW, OTHER = "5f" * 32, "60" * 32
PART = "landings/0123456789ab/0"


@pytest.fixture(params=ADAPTERS)
def stores(request, tmp_path):
    """A pane store, and the online store beside it."""
    if request.param == "lmdb":
        online = LmdbOnline(tmp_path / "online", durable=False)
        yield LmdbPanes(online), online
        return
    if request.param == "memory":
        online = MemoryOnline()
        yield MemoryPanes(online), online
        return
    wire = RedisWire(lambda: request.getfixturevalue("valkey").url, shown="redis", patience_s=5)
    prefix = f"panes-{tmp_path.name}"
    yield RedisPanes(wire, prefix=prefix), RedisOnline(wire, prefix=prefix)
    wire.close()


@pytest.fixture
def panes(stores):
    return stores[0]


def value(stamp, rest=b""):
    return stamp.to_bytes(16, "big") + rest


def test_an_unknown_partition_has_nothing(panes):
    assert panes.header(PART) == b""
    assert panes.load(PART) == (b"", [])
    assert panes.partitions("") == []


def test_rows_are_put_and_dropped_with_the_header(panes):
    long = b"k" * 2000
    panes.commit(PART, PaneCommit(b"", b"one", put=[(b"a", b"1"), (b"", b"2"), (long, b""), (b"\xff\x00", b"3")]))
    assert panes.load(PART)[0] == panes.header(PART) == b"one"
    assert dict(panes.load(PART)[1]) == {b"a": b"1", b"": b"2", long: b"", b"\xff\x00": b"3"}
    panes.commit(PART, PaneCommit(b"one", b"two", put=[(b"b", b"9"), (b"a", b"7")], drop=[long, b"nobody"]))
    header, rows = panes.load(PART)
    assert header == b"two"
    assert sorted(rows) == [(b"", b"2"), (b"a", b"7"), (b"b", b"9"), (b"\xff\x00", b"3")]
    assert all(type(part) is bytes for row in rows for part in row)


def test_rows_are_loaded_by_their_keys(panes):
    long = b"k" * 2000
    panes.commit(PART, PaneCommit(b"", b"one", put=[(b"a", b"1"), (b"b", b""), (long, b"3")]))
    assert panes.load(PART, [long, b"nobody", b"b"]) == (b"one", [(long, b"3"), (b"b", b"")])
    assert panes.load(PART, []) == (b"one", [])
    assert panes.load("nowhere", [b"a"]) == (b"", [])


def test_many_rows_go_into_one_commit(panes):
    rows = [(b"%d" % number, b"x" * 20) for number in range(9001)]
    panes.commit(PART, PaneCommit(b"", b"one", put=rows))
    assert sorted(panes.load(PART)[1]) == sorted(rows)
    panes.commit(PART, PaneCommit(b"one", b"two", drop=[key for key, _ in rows[1:]]))
    assert panes.load(PART) == (b"two", rows[:1])


@pytest.mark.parametrize("before", [b"", b"zero", b"one "])
def test_a_commit_upon_another_header_is_refused_whole(stores, before):
    panes, online = stores
    panes.commit(PART, PaneCommit(b"", b"one", put=[(b"a", b"1")]))
    with pytest.raises(ConflictError, match="taken over"):
        panes.commit(
            PART,
            PaneCommit(before, b"two", put=[(b"b", b"2")], drop=[b"a"], online=[(VIEW, b"k", value(1))],
                       forced=[(VIEW, b"f", value(1))]),
        )  # fmt: skip
    assert panes.load(PART) == (b"one", [(b"a", b"1")])
    assert online.read(VIEW, [b"k", b"f"]) == [None, None]


def test_values_are_served_from_the_same_moment_on(stores):
    panes, online = stores
    online.write(VIEW, [(b"new", value(5, b"five")), (b"old", value(1, b"one")), (b"back", value(9, b"nine"))])
    change = PaneCommit(
        b"", b"one",
        online=[(VIEW, b"new", value(4, b"late")), (VIEW, b"old", value(2, b"two")), (OTHER, b"x" * 2000, value(1))],
        forced=[(VIEW, b"back", value(3, b"three"))],
    )  # fmt: skip
    panes.commit(PART, change)
    found = online.read(VIEW, [b"new", b"old", b"back"])
    assert found == [value(5, b"five"), value(2, b"two"), value(3, b"three")]
    assert online.read(OTHER, [b"x" * 2000]) == [value(1)]
    assert (online.count(VIEW), online.count(OTHER)) == (3, 1)


def test_a_value_without_a_stamp_is_refused_with_all_else(stores):
    panes, online = stores
    with pytest.raises(MisuseError, match="16 bytes"):
        panes.commit(
            PART, PaneCommit(b"", b"one", put=[(b"a", b"1")], online=[(VIEW, b"k", value(1)), (VIEW, b"l", b"")])
        )
    assert panes.load(PART) == (b"", [])
    assert online.read(VIEW, [b"k"]) == [None]


def test_partitions_are_apart_and_are_listed(panes):
    names = ["landings/0123456789ab/1", PART, "landings_late/0123456789ab/0"]
    for name in names:
        panes.commit(name, PaneCommit(b"", name.encode(), put=[(b"a", name.encode())]))
    assert panes.partitions("landings/") == [PART, "landings/0123456789ab/1"]
    assert panes.partitions("") == sorted(names)
    panes.forget(PART)
    assert panes.partitions("landings/") == ["landings/0123456789ab/1"]
    assert panes.load(PART) == (b"", [])
    assert panes.load(names[0]) == (names[0].encode(), [(b"a", names[0].encode())])
    panes.commit(PART, PaneCommit(b"", b"again"))
    assert panes.load(PART) == (b"again", [])


def test_of_two_commits_upon_one_header_exactly_one_takes_effect(panes):
    panes.commit(PART, PaneCommit(b"", b"0"))

    def take(turn):
        def commit(name):
            try:
                panes.commit(PART, PaneCommit(b"%d" % turn, b"%d" % (turn + 1), put=[(b"row", name)]))
            except ConflictError:
                return None
            return name

        with ThreadPoolExecutor(4) as pool:
            return [name for name in pool.map(commit, [b"a", b"b", b"c", b"d"]) if name]

    for turn in range(10):
        winners = take(turn)
        assert len(winners) == 1
        assert panes.load(PART) == (b"%d" % (turn + 1), [(b"row", winners[0])])


def test_views_are_counted_and_swept_as_if_no_stream_were_beside_them(stores):
    panes, online = stores
    panes.commit(PART, PaneCommit(b"", b"one", put=[(b"a", b"1")], online=[(VIEW, b"k", value(1))]))
    left = online.leftovers(lambda key: False)
    assert len(left) == 1
    assert VIEW in left[0].key
    online.remove(left)
    assert online.read(VIEW, [b"k"]) == [None]
    assert panes.load(PART) == (b"one", [(b"a", b"1")])


def test_what_is_loaded_is_of_one_moment_also_while_others_commit(panes):
    keys = [b"%d" % number for number in range(3000)]

    def commit_all():
        for turn in range(12):
            before = b"%d" % (turn - 1) if turn else b""
            panes.commit(PART, PaneCommit(before, b"%d" % turn, put=[(key, b"%d" % turn) for key in keys]))
            time.sleep(0.02)

    with ThreadPoolExecutor(1) as pool:
        committing = pool.submit(commit_all)
        while not committing.done():
            with suppress(TransientError):  # as a store may say that it cannot
                header, rows = panes.load(PART)
                assert {value for _, value in rows} == ({header} if header else set())
        committing.result()
    header, rows = panes.load(PART)
    assert (header, dict(rows)) == (b"11", dict.fromkeys(keys, b"11"))
