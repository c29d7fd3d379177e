"""What every store of derived tables promises."""

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from sluiceway.adapters.derived_folder import DerivedFolder
from sluiceway.adapters.memory_derived import MemoryDerived
from sluiceway.core.errors import MisuseError

ADAPTERS = {
    "folder": lambda folder: DerivedFolder(folder / "derived"),
    "memory": lambda folder: MemoryDerived(),
}
KEY = "layouts/a/part-00001@" + "0" * 64
TABLE = pa.table(
    {
        "i": pa.array([1, None, 3]),
        "f": [0.1, float("inf"), None],
        "s": ["a", None, "ü"],
        "t": pa.array([1, 2, None], pa.timestamp("us", "UTC")),
        "b": [True, None, False],
    }
)


@pytest.fixture(params=ADAPTERS)
def store(request, tmp_path):
    return ADAPTERS[request.param](tmp_path)


def test_what_was_put_is_given_back_and_what_was_not_is_not(store):
    assert store.get(KEY) is None
    store.put(KEY, TABLE.replace_schema_metadata({"parts": "7"}))
    assert store.get(KEY).equals(TABLE)
    assert store.get(KEY).schema.metadata == {b"parts": b"7"}
    assert store.get("layouts/a/part-00001") is None


def test_the_last_put_counts_and_a_table_in_use_stays_what_it_was(store):
    store.put(KEY, TABLE)
    held = store.get(KEY)
    store.put(KEY, TABLE.slice(1))
    assert store.get(KEY).equals(TABLE.slice(1))
    assert held.equals(TABLE)
    store.put(KEY, TABLE.slice(0, 0))
    assert store.get(KEY).equals(TABLE.slice(0, 0))


def test_what_is_dropped_is_gone_and_may_be_dropped_again(store):
    store.put(KEY, TABLE)
    held = store.get(KEY)
    store.drop([KEY, "never/there"])
    store.drop([KEY])
    assert store.get(KEY) is None
    assert held.equals(TABLE)


def test_several_threads_may_put_and_get_the_same(store):
    def put_and_get(number):
        store.put(KEY, TABLE)
        found = store.get(KEY)
        return found is not None and found.equals(TABLE)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(put_and_get, range(40)))


@pytest.mark.parametrize("key", ["", "/a", "a/../b", ".a", "a b", "a@1", "a@" + "0" * 64 + "/b"])
def test_keys_that_are_no_plain_paths_are_refused(store, key):
    for ask in (store.get, lambda key: store.put(key, TABLE), lambda key: store.drop([key])):
        with pytest.raises(MisuseError, match="derived table's key"):
            ask(key)
