"""What DynamoDB promises beyond the contract: requests, what is left unprocessed, limits, other processes, sweeps."""

import time
import uuid

import pytest

from sluiceway.adapters.dynamo_items import ABANDONED_S, GRACE_S, MOST_BYTES
from sluiceway.adapters.dynamo_online import DynamoOnline
from sluiceway.adapters.dynamo_table import DynamoTable
from sluiceway.core.errors import MisuseError, SourceError, TransientError

VIEW, OTHER = "5f" * 32, "60" * 32
HUNDRED = [(bytes([number]), number.to_bytes(16, "big")) for number in range(100)]


def value(stamp):
    return stamp.to_bytes(16, "big")


@pytest.fixture
def opened(dynamodb):
    """Opens stores on one table of the test's own."""
    name = f"test-{uuid.uuid4().hex}"

    def open_(patience_s=30):
        return DynamoOnline(DynamoTable(name, region="eu-central-1", shown="the shown place", patience_s=patience_s))

    return open_


def counting(store):
    """Count the requests that a store makes, by kind."""
    asked = []
    store._table._client.meta.events.register("before-call.dynamodb", lambda model, **_: asked.append(model.name))
    return asked


def test_a_hundred_values_of_several_views_are_one_request(opened):
    store = opened()
    store.replace(VIEW, HUNDRED[:50], snapshot="one")
    store.replace(OTHER, HUNDRED[50:], snapshot="other")
    keys = [[key for key, _ in part] for part in (HUNDRED[:50], HUNDRED[50:])]
    asked = counting(store)
    found = store.read_many([(VIEW, keys[0]), (OTHER, keys[1])])
    assert found == [[stored for _, stored in HUNDRED[:50]], [stored for _, stored in HUNDRED[50:]]]
    assert asked == ["BatchGetItem"]


def test_what_is_left_unprocessed_is_asked_for_again(opened):
    store = opened()
    left = []

    def leave_half(parsed, **_):
        """What the service does when it is asked for more than its capacity, or answers more than 16 MB."""
        for table, items in parsed.get("Responses", {}).items():
            if len(left) < 2 and len(items) > 2:
                left.append(len(items) // 2)
                keys = [{"p": item["p"], "k": item["k"]} for item in items[len(items) // 2 :]]
                parsed["Responses"][table] = items[: len(items) // 2]
                parsed["UnprocessedKeys"] = {table: {"Keys": keys, "ConsistentRead": True}}

    store.replace(VIEW, HUNDRED, snapshot="one")
    store._table._client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_half)
    assert store.read(VIEW, [key for key, _ in HUNDRED]) == [stored for _, stored in HUNDRED]
    assert len(left) == 2


def test_what_stays_unprocessed_is_told_within_the_patience(opened):
    opened().replace(VIEW, HUNDRED, snapshot="one")
    store = opened(patience_s=0.9)
    store.read(VIEW, [b"a"])

    def leave_all(parsed, **_):
        (table,) = parsed["Responses"]
        parsed["UnprocessedKeys"] = {table: {"Keys": [{"p": {"S": VIEW}, "k": {"B": b"x"}}], "ConsistentRead": True}}

    store._table._client.meta.events.register("after-call.dynamodb.BatchGetItem", leave_all)
    began = time.monotonic()
    with pytest.raises(TransientError, match="left items unprocessed for 900 ms"):
        store.read(VIEW, [b"a"])
    assert time.monotonic() - began < 5


def test_a_value_that_no_item_can_hold_is_refused_with_the_limit(opened):
    store = opened()
    store.replace(VIEW, [(b"a", value(1))], snapshot="one")
    large = value(2) + bytes(MOST_BYTES)
    asks = (
        lambda: store.write(VIEW, [(b"b", value(2)), (b"a", large)]),
        lambda: store.replace(VIEW, [(b"a", large)], snapshot="two"),
    )
    for ask in asks:
        with pytest.raises(MisuseError, match=r"408,592 bytes does not fit DynamoDB, whose items have 408,576"):
            ask()
    assert (store.read(VIEW, [b"a", b"b"]), store.snapshot(VIEW)) == ([value(1), None], "one")


def test_another_process_sees_a_replacement_within_a_second_and_whole(opened):
    writer, reader = opened(), opened()
    keys = [key for key, _ in HUNDRED]
    writer.replace(VIEW, [(key, value(1)) for key in keys], snapshot="one")
    assert set(reader.read(VIEW, keys)) == {value(1)}
    writer.replace(VIEW, [(key, value(2)) for key in keys], snapshot="two")
    assert reader.snapshot(VIEW) == "two"
    assert set(reader.read(VIEW, keys)) == {value(2)}
    writer.replace(VIEW, [(key, value(3)) for key in keys], snapshot="three")
    began, seen = time.monotonic(), [set(reader.read(VIEW, keys))]
    while seen[-1] != {value(3)}:
        seen.append(set(reader.read(VIEW, keys)))
    assert time.monotonic() - began < 10
    assert all(each in ({value(2)}, {value(3)}) for each in seen)


def test_a_replacement_that_is_killed_changes_nothing_and_is_swept_later(opened, monkeypatch):
    store = opened()
    store.replace(VIEW, [(b"a", value(1))], snapshot="one")
    put, before = DynamoTable.put, time.time()

    def killed(self, items):
        items = list(items)
        if any(item["k"]["B"] == b"now" for item in items):
            raise KeyboardInterrupt
        put(self, items)

    with monkeypatch.context() as context:
        context.setattr(DynamoTable, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            store.replace(VIEW, HUNDRED, snapshot="two")
    again = opened()
    assert (again.read(VIEW, [b"a", b"\1"]), again.snapshot(VIEW)) == ([value(1), None], "one")
    assert again.leftovers(lambda key: True) == []
    monkeypatch.setattr(time, "time", lambda: before + ABANDONED_S + 60)
    (left,) = again.leftovers(lambda key: True)
    again.remove([left])
    assert again.leftovers(lambda key: True) == []
    assert (again.read(VIEW, [b"a"]), again.snapshot(VIEW)) == ([value(1)], "one")


def test_what_another_took_the_place_of_goes_a_minute_later_with_the_next(opened, monkeypatch):
    store, began = opened(), time.time()
    for number in range(3):
        store.replace(VIEW, HUNDRED[:10], snapshot=str(number))
    assert len(list(store._generations())) == 3
    monkeypatch.setattr(time, "time", lambda: began + GRACE_S + 60)
    store.replace(VIEW, HUNDRED[:10], snapshot="last")
    assert len(list(store._generations())) == 2
    assert (store.count(VIEW), store.snapshot(VIEW)) == (10, "last")


def meanwhile(store, happens, *, of):
    """Let something happen right before a store's first request of a kind."""
    waiting = [happens]

    def come_between(**_):
        while waiting:
            waiting.pop()()

    store._table._client.meta.events.register(f"before-call.dynamodb.{of}", come_between)


def test_a_replacement_that_comes_while_a_view_is_marked_stays(opened):
    marking, replacing = opened(), opened()
    replacing.replace(VIEW, [(b"a", value(1))], snapshot="one")
    meanwhile(marking, lambda: replacing.replace(VIEW, [(b"b", value(2))], snapshot="two"), of="PutItem")
    marking.mark(VIEW, snapshot="one, later")
    assert (replacing.snapshot(VIEW), marking.snapshot(VIEW)) == ("two", "two")
    assert [store.read(VIEW, [b"a", b"b"]) for store in (replacing, marking)] == [[None, value(2)]] * 2


def test_a_replacement_that_comes_while_a_batch_is_written_loses_nothing_of_it(opened):
    writing, replacing = opened(), opened()
    replacing.replace(VIEW, [(b"a", value(1))], snapshot="one")
    meanwhile(
        writing, lambda: replacing.replace(VIEW, [(b"a", value(1)), (b"b", value(9))], snapshot="two"), of="PutItem"
    )
    assert writing.write(VIEW, [(b"a", value(5)), (b"b", value(5))]) == 1
    for store in (replacing, writing):
        assert (store.read(VIEW, [b"a", b"b"]), store.snapshot(VIEW)) == ([value(5), value(9)], "two")


def test_reading_makes_no_table_and_says_nothing_is_there(opened):
    store = opened()
    assert (store.read(VIEW, [b"a"]), store.count(VIEW), store.snapshot(VIEW)) == ([None], 0, "")
    assert not store._table.is_there()


def test_a_service_that_is_not_there_is_told_within_the_patience(opened, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
    began = time.monotonic()
    with pytest.raises(TransientError, match="the shown place is not there"):
        opened(patience_s=0.1).read(VIEW, [b"a"])
    assert time.monotonic() - began < 5


def test_no_credentials_are_told_plainly(opened, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(SourceError, match="lets nobody in by these credentials"):
        opened().read(VIEW, [b"a"])
