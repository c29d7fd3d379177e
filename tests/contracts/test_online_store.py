"""What every online store promises."""

from concurrent.futures import ThreadPoolExecutor

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.core.errors import MisuseError

ADAPTERS = {
    "lmdb": lambda folder: LmdbOnline(folder / "online"),
    "lmdb, not durable": lambda folder: LmdbOnline(folder / "online", durable=False),
    "memory": lambda folder: MemoryOnline(),
}
VIEW = "5f" * 32
KEY = st.sampled_from([b"", b"a", b"ab", b"\0", b"\xff" * 3, b"k" * 494, b"k" * 495, b"k" * 2000])
ITEMS = st.lists(st.tuples(KEY, st.integers(0, 3), st.binary(max_size=2)), max_size=8)


@pytest.fixture(params=ADAPTERS)
def store(request, tmp_path):
    return ADAPTERS[request.param](tmp_path)


def value(stamp, rest=b""):
    return stamp.to_bytes(16, "big") + rest


def test_an_empty_store_knows_nobody(store):
    assert store.read(VIEW, [b"a", b"b"]) == [None, None]
    assert store.count(VIEW) == 0
    assert store.snapshot(VIEW) == ""


def test_values_are_read_in_the_order_asked(store):
    assert store.write(VIEW, [(b"a", value(1, b"A")), (b"b", value(1, b"B"))]) == 2
    assert store.read(VIEW, [b"b", b"x", b"a", b"b"]) == [value(1, b"B"), None, value(1, b"A"), value(1, b"B")]
    assert store.read(VIEW, []) == []
    assert all(type(found) is bytes for found in store.read(VIEW, [b"a"]))


def test_an_older_stamp_never_takes_effect(store):
    store.write(VIEW, [(b"a", value(5, b"new"))])
    assert store.write(VIEW, [(b"a", value(4, b"late"))]) == 0
    assert store.read(VIEW, [b"a"]) == [value(5, b"new")]


def test_an_equal_stamp_takes_effect_so_that_a_replay_ends_the_same(store):
    store.write(VIEW, [(b"a", value(5, b"one"))])
    assert store.write(VIEW, [(b"a", value(5, b"two")), (b"a", value(5, b"three"))]) == 2
    assert store.read(VIEW, [b"a"]) == [value(5, b"three")]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(ITEMS, max_size=4))
def test_any_batches_end_as_one_by_one(store, batches):
    store.replace(VIEW, [], snapshot="none")
    expected, counts = {}, []
    for batch in batches:
        counts.append(0)
        for key, stamp, rest in batch:
            if key not in expected or value(stamp) >= expected[key][:16]:
                expected[key] = value(stamp, rest)
                counts[-1] += 1
    found = [store.write(VIEW, [(key, value(stamp, rest)) for key, stamp, rest in batch]) for batch in batches]
    assert found == counts
    assert store.count(VIEW) == len(expected)
    assert store.read(VIEW, list(expected)) == list(expected.values())


def test_a_batch_with_a_value_that_has_no_stamp_is_refused_whole(store):
    store.write(VIEW, [(b"a", value(1, b"old"))])
    with pytest.raises(MisuseError, match="16 bytes"):
        store.write(VIEW, [(b"a", value(2, b"new")), (b"b", b"short")])
    assert store.read(VIEW, [b"a", b"b"]) == [value(1, b"old"), None]


def test_a_batch_whose_source_breaks_is_undone(store):
    def items():
        yield b"a", value(1)
        raise RuntimeError("source is gone")

    with pytest.raises(RuntimeError, match="source is gone"):
        store.write(VIEW, items())
    assert store.count(VIEW) == 0
    assert store.write(VIEW, [(b"a", value(1))]) == 1


def test_a_view_is_replaced_whole_and_alone(store):
    other = "5f" * 31 + "60"
    store.write(VIEW, [(b"a", value(5)), (b"b", value(5))])
    store.write(other, [(b"a", value(2))])
    store.replace(VIEW, [(b"b", value(1)), (b"c", value(1))], snapshot="second")
    assert store.read(VIEW, [b"a", b"b", b"c"]) == [None, value(1), value(1)]
    assert (store.count(VIEW), store.snapshot(VIEW)) == (2, "second")
    assert (store.read(other, [b"a"]), store.snapshot(other)) == ([value(2)], "")
    assert store.write(VIEW, [(b"a", value(0))]) == 1
    assert store.snapshot(VIEW) == "second"


def test_a_replacement_that_breaks_leaves_everything_as_it_was(store):
    store.replace(VIEW, [(b"a", value(1))], snapshot="first")

    def items():
        yield b"b", value(2)
        raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        store.replace(VIEW, items(), snapshot="second")
    assert (store.read(VIEW, [b"a", b"b"]), store.snapshot(VIEW)) == ([value(1), None], "first")


def test_readers_see_one_replacement_or_the_other(store):
    keys = [bytes([number]) for number in range(20)]
    store.replace(VIEW, [(key, value(0)) for key in keys], snapshot="0")

    def replace(stamp):
        store.replace(VIEW, [(key, value(stamp)) for key in keys], snapshot=str(stamp))

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(replace, stamp) for stamp in range(1, 20)]
        assert {len(set(seen)) for seen in pool.map(lambda _: store.read(VIEW, keys), range(200))} == {1}
    assert all(done.exception() is None for done in writing)


def test_readers_see_each_batch_whole(store):
    keys = [bytes([number]) for number in range(20)]

    def write(stamp):
        store.write(VIEW, [(key, value(stamp)) for key in keys])

    def read(_):
        return len(set(store.read(VIEW, keys)))

    write(0)
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, stamp) for stamp in range(1, 30)]
        assert set(pool.map(read, range(200))) == {1}
    assert all(done.exception() is None for done in writing)
    assert store.read(VIEW, keys) == [value(29)] * 20
