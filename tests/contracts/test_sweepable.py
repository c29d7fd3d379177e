"""What every store that can be swept promises."""

import uuid
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from sluiceway.adapters.delta_tables import DeltaTables
from sluiceway.adapters.derived_folder import DerivedFolder
from sluiceway.adapters.dynamo_online import DynamoOnline
from sluiceway.adapters.dynamo_table import DynamoTable
from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.redis_online import RedisOnline
from sluiceway.adapters.redis_wire import RedisWire
from sluiceway.ports.sweepable import view_key


@dataclass
class Objects:
    """An object store seen by what it holds: a key for each letter."""

    store: Any

    def hold(self, letter):
        key = f"files/{letter * 2}/{letter * 64}"
        self.store.put(key, letter.encode() * 1000)
        return key

    def holds(self, key):
        return self.store.has(key) and self.store.get(key) == key[-1].encode() * 1000


@dataclass
class Tables:
    """A table store seen by what it holds: a content of one table for each letter."""

    store: Any

    def __post_init__(self):
        self.refs = {}

    def hold(self, letter):
        ref = self.store.write("sources/a", pa.table({"x": [letter] * 1000}))
        self.refs[f"{ref.name}@{ref.content_id}"] = ref
        return f"{ref.name}@{ref.content_id}"

    def holds(self, key):
        return self.store.has(self.refs[key]) and self.store.damage(self.refs[key]) == ""


@dataclass
class Views:
    """An online store seen by what it holds: a view for each letter."""

    store: Any

    def hold(self, letter):
        items = [(bytes([number]), bytes(16) + letter.encode() * 100) for number in range(10)]
        self.store.replace(letter * 64, items, snapshot=letter)
        return view_key(letter * 64)

    def holds(self, key):
        letter = key[-1]
        keys = [bytes([number]) for number in range(10)]
        if self.store.read(letter * 64, keys) != [bytes(16) + letter.encode() * 100] * 10:
            assert (self.store.count(letter * 64), self.store.snapshot(letter * 64)) == (0, "")
            return False
        return self.store.snapshot(letter * 64) == letter


def in_valkey(request, folder):
    server = request.getfixturevalue("valkey")
    wire = RedisWire(lambda: server.url, shown="valkey", patience_s=30)
    return RedisOnline(wire, prefix=f"test-{uuid.uuid4().hex}")


@dataclass
class Derived:
    """A store of derived tables seen by what it holds: one made of a table for each letter."""

    store: Any

    def hold(self, letter):
        key = f"columns/{letter}@{letter * 64}"
        self.store.put(key, pa.table({"x": [letter] * 1000}))
        return key

    def holds(self, key):
        found = self.store.get(key)
        return found is not None and found.column("x")[999].as_py() == key[-1]


def in_dynamodb(request, folder):
    request.getfixturevalue("dynamodb")
    table = DynamoTable(f"test-{uuid.uuid4().hex}", region="eu-central-1", shown="dynamodb", patience_s=30)
    return DynamoOnline(table)


ADAPTERS = {
    "dynamodb": lambda request, folder: Views(in_dynamodb(request, folder)),
    "local": lambda request, folder: Objects(ObstoreObjects.local(folder / "objects")),
    "memory objects": lambda request, folder: Objects(ObstoreObjects.memory()),
    "delta": lambda request, folder: Tables(DeltaTables(folder / "tables")),
    "derived": lambda request, folder: Derived(DerivedFolder(folder / "derived")),
    "memory tables": lambda request, folder: Tables(MemoryTables()),
    "lmdb": lambda request, folder: Views(LmdbOnline(folder / "online")),
    "memory views": lambda request, folder: Views(MemoryOnline()),
    "valkey": lambda request, folder: Views(in_valkey(request, folder)),
}


@pytest.fixture(params=ADAPTERS)
def held(request, tmp_path):
    return ADAPTERS[request.param](request, tmp_path)


def test_an_empty_store_has_no_leftovers(held):
    assert list(held.store.leftovers(lambda key: False)) == []
    held.store.remove([])


def test_what_is_kept_is_no_leftover_and_looking_removes_nothing(held):
    keys = [held.hold(letter) for letter in "abc"]
    assert held.store.leftovers(lambda key: True) == []
    assert held.store.leftovers(lambda key: False) != []
    assert all(held.holds(key) for key in keys)


@pytest.mark.parametrize("kept", ["", "a", "b", "c", "ac", "bc", "abc"])
def test_what_is_not_kept_goes_and_what_is_kept_stays_whole(held, kept):
    keys = {letter: held.hold(letter) for letter in "abc"}
    staying = {keys[letter] for letter in kept}
    found = held.store.leftovers(lambda key: key in staying)
    assert {each.key for each in found} & staying == set()
    assert sum(each.size_bytes for each in found) > 0 or kept in {"abc"}
    held.store.remove(found)
    assert all(held.holds(key) for key in staying)
    assert [key for key in keys.values() if key not in staying and held.holds(key)] in ([], [keys["c"]])
    assert held.store.leftovers(lambda key: key in staying) == []


def test_only_what_was_named_is_removed(held):
    keys = [held.hold(letter) for letter in "abc"]
    found = held.store.leftovers(lambda key: key == keys[2])
    held.store.remove(found[:1])
    assert held.holds(keys[2])
    assert [held.holds(key) for key in keys[:2]].count(True) == 1


def test_to_remove_what_is_gone_changes_nothing(held):
    keys = [held.hold(letter) for letter in "abc"]
    found = held.store.leftovers(lambda key: key == keys[2])
    held.store.remove(found)
    held.store.remove(found)
    assert held.holds(keys[2])


def test_what_was_removed_can_be_stored_again(held):
    keys = [held.hold(letter) for letter in "abc"]
    held.store.remove(held.store.leftovers(lambda key: False))
    assert [held.hold(letter) for letter in "cba"] == keys[::-1]
    assert all(held.holds(key) for key in keys)
