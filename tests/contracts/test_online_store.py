"""What every online store promises."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from sluiceway.adapters.dynamo_online import DynamoOnline
from sluiceway.adapters.dynamo_table import DynamoTable
from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.redis_online import RedisOnline
from sluiceway.adapters.redis_wire import RedisWire
from sluiceway.core.errors import MisuseError


def in_valkey(request):
    server = request.getfixturevalue("valkey")
    wire = RedisWire(lambda: server.url, shown="valkey", patience_s=30)
    return RedisOnline(wire, prefix=f"test-{uuid.uuid4().hex}")


def in_dynamodb(request):
    request.getfixturevalue("dynamodb")
    table = DynamoTable(f"test-{uuid.uuid4().hex}", region="eu-central-1", shown="dynamodb", patience_s=30)
    return DynamoOnline(table)


ADAPTERS = {
    "dynamodb": in_dynamodb,
    "lmdb": lambda request: LmdbOnline(request.getfixturevalue("tmp_path") / "online"),
    "lmdb, not durable": lambda request: LmdbOnline(request.getfixturevalue("tmp_path") / "online", durable=False),
    "memory": lambda request: MemoryOnline(),
    "valkey": in_valkey,
}
VIEW = "5f" * 32
KEY = st.sampled_from([b"", b"a", b"ab", b"\0", b"\xff" * 3, b"k" * 494, b"k" * 495, b"k" * 2000])
ITEMS = st.lists(st.tuples(KEY, st.integers(0, 3), st.binary(max_size=2)), max_size=8)


@pytest.fixture(params=ADAPTERS)
def store(request):
    return ADAPTERS[request.param](request)


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


def test_a_view_is_marked_and_its_values_stay(store):
    store.mark(VIEW, snapshot="first")
    assert (store.read(VIEW, [b"a"]), store.count(VIEW), store.snapshot(VIEW)) == ([None], 0, "first")
    store.write(VIEW, [(b"a", value(5))])
    store.mark(VIEW, snapshot="second")
    assert store.write(VIEW, [(b"a", value(4)), (b"b", value(1))]) == 1
    assert (store.read(VIEW, [b"a", b"b"]), store.count(VIEW)) == ([value(5), value(1)], 2)
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


def test_of_writers_that_race_the_newest_wins(store):
    keys = [bytes([number]) for number in range(5)]
    with ThreadPoolExecutor(4) as pool:
        batches = [[(key, value(stamp)) for key in keys] for stamp in random.Random(7).sample(range(1, 41), 40)]
        effective = sum(pool.map(lambda batch: store.write(VIEW, batch), batches))
    assert store.read(VIEW, keys) == [value(40)] * 5
    assert 5 <= effective <= 200


def test_a_key_that_is_read_while_it_is_written_never_goes_back(store):
    store.write(VIEW, [(b"a", value(0))])
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(store.write, VIEW, [(b"a", value(stamp))]) for stamp in range(1, 60)]
        seen = []
        while not all(done.done() for done in writing):
            seen += store.read(VIEW, [b"a"])
    assert seen == sorted(seen)
    assert store.read(VIEW, [b"a"]) == [value(59)]


def test_stamps_are_compared_byte_by_byte(store):
    """Neither as numbers of a sign, nor as texts of a language, in which a comes before B and a zero ends a text."""
    ordered = [b"\0" * 16, b"\0" * 15 + b"\1", b"\0" * 15 + b"\xff", b"B" * 16, b"a" * 16, b"\x7f" * 16, b"\xff" * 16]
    for place, stamp in enumerate(ordered):
        assert store.write(VIEW, [(b"a", stamp + b"rest")]) == 1
        assert [store.write(VIEW, [(b"a", older)]) for older in ordered[:place]] == [0] * place
    assert store.read(VIEW, [b"a"]) == [ordered[-1] + b"rest"]


def test_many_views_are_read_at_once_each_in_its_order(store):
    other = "60" * 32
    store.write(VIEW, [(b"a", value(1, b"A")), (b"b", value(1, b"B"))])
    store.write(other, [(b"b", value(1, b"other B"))])
    asked = [(VIEW, [b"b", b"a"]), (other, []), ("61" * 32, [b"a"]), (other, [b"a", b"b"]), (VIEW, [b"a"])]
    assert store.read_many(asked) == [
        [value(1, b"B"), value(1, b"A")], [], [None], [None, value(1, b"other B")], [value(1, b"A")]
    ]  # fmt: skip
    assert store.read_many([]) == []
    assert store.read_many([(VIEW, []), (other, [])]) == [[], []]


def test_a_big_view_is_replaced_and_read_whole(store):
    items = {number.to_bytes(3, "big"): value(number, b"x" * 500) for number in range(1100)}
    store.replace(VIEW, items.items(), snapshot="big")
    assert (store.count(VIEW), store.snapshot(VIEW)) == (1100, "big")
    assert store.read(VIEW, list(items)) == list(items.values())
    assert store.write(VIEW, [(key, value(9999)) for key in items]) == 1100
    store.replace(VIEW, [], snapshot="none")
    assert (store.count(VIEW), store.snapshot(VIEW)) == (0, "none")
    assert store.read(VIEW, list(items)[:100]) == [None] * 100


def test_a_value_of_200_kilobytes_comes_back(store):
    large = value(1, bytes(range(256)) * 800)
    store.replace(VIEW, [(b"a", large)], snapshot="large")
    assert store.write(VIEW, [(b"b", large)]) == 1
    assert store.read(VIEW, [b"a", b"b"]) == [large, large]


def test_a_replacement_holds_the_newest_of_a_key_that_comes_twice(store):
    store.replace(VIEW, [(b"a", value(2, b"new")), (b"a", value(1, b"old"))], snapshot="twice")
    assert (store.read(VIEW, [b"a"]), store.count(VIEW)) == ([value(2, b"new")], 1)


def test_a_batch_of_nothing_is_none(store):
    assert store.write(VIEW, []) == 0
    assert (store.count(VIEW), store.snapshot(VIEW)) == (0, "")


def test_a_replacement_with_a_value_that_has_no_stamp_changes_nothing(store):
    store.replace(VIEW, [(b"a", value(1))], snapshot="first")
    with pytest.raises(MisuseError, match="16 bytes"):
        store.replace(VIEW, [(b"b", value(1)), (b"c", b"short")], snapshot="second")
    assert (store.read(VIEW, [b"a", b"b"]), store.snapshot(VIEW)) == ([value(1), None], "first")
