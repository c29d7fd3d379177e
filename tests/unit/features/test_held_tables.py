import pyarrow as pa
import pytest

from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.core.errors import UnknownTableError
from sluiceway.features.held_tables import HeldTables


class Counting(MemoryTables):
    def __init__(self):
        super().__init__()
        self.reads = []

    def read(self, ref, columns=None):
        self.reads.append((ref.name, sorted(columns)))
        return super().read(ref, columns)


@pytest.fixture
def store():
    return Counting()


def written(store, name):
    return store.write(name, pa.table({"a": list(range(1000)), "b": [0.5] * 1000, "c": ["x"] * 1000}))


def test_columns_that_were_read_are_not_read_again(store):
    held, ref = HeldTables(store), written(store, "s")
    assert held.read(ref, ["b", "a"]).column_names == ["b", "a"]
    assert held.read(ref, ["a"]).equals(MemoryTables.read(store, ref, ["a"]))
    assert held.read(ref).column_names == ["a", "b", "c"]
    assert held.read(ref, ["c", "b"]).column_names == ["c", "b"]
    assert store.reads == [("s", ["a", "b"]), ("s", ["a", "b", "c"])]


def test_the_oldest_is_let_go_when_they_grow_too_large(store):
    first, second = written(store, "first"), written(store, "second")
    held = HeldTables(store, most_bytes=10_000)
    for ref in (first, second, second, first):
        held.read(ref, ["a"])
    assert [name for name, _ in store.reads] == ["first", "second", "first"]


def test_a_table_larger_than_all_that_may_be_kept_is_still_read(store):
    held, ref = HeldTables(store, most_bytes=0), written(store, "s")
    assert held.read(ref, ["a"]).num_rows == held.read(ref, ["a"]).num_rows == 1000
    assert len(store.reads) == 2


def test_a_table_that_is_not_there_is_refused_as_by_the_store(store):
    ref = written(MemoryTables(), "s")
    with pytest.raises(UnknownTableError):
        HeldTables(store).read(ref)
