"""What every table store promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sluiceway.adapters.delta_tables import DeltaTables
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import MisuseError, SourceError, UnknownNameError, UnknownTableError
from sluiceway.plans.table_digest import normalise, table_content_id

ON_DISK = DuckdbEngine(held_bytes=0)
ADAPTERS = {
    "delta": lambda folder: DeltaTables(folder / "tables"),
    "delta with an engine": lambda folder: DeltaTables(folder / "tables", ON_DISK),
    "memory": lambda folder: MemoryTables(),
}
MOMENT = datetime(2013, 6, 1, 12, 30, 0, 5, tzinfo=UTC)
EVERY_KIND = pa.table(
    {
        "i": pa.array([1, None, -3], pa.int32()),
        "f": [0.5, float("nan"), None],
        "s": pa.array(["a", None, "ü"]).dictionary_encode(),
        "t": pa.array([MOMENT, None, MOMENT], pa.timestamp("us")),
        "b": [True, None, False],
    }
)


@pytest.fixture(params=ADAPTERS)
def store(request, tmp_path):
    return ADAPTERS[request.param](tmp_path)


def test_rows_of_every_kind_come_back_with_their_content_id(store):
    ref = store.write("sources/all", EVERY_KIND)
    found = store.read(ref)
    assert (ref.name, ref.rows, ref.content_id) == ("sources/all", 3, table_content_id(EVERY_KIND))
    assert ref.columns[3] == Column("t", "time")
    assert table_content_id(found) == ref.content_id
    assert found.schema.types == [pa.int64(), pa.float64(), pa.string(), pa.timestamp("us", "UTC"), pa.bool_()]


def test_rows_that_are_not_held_are_the_table_that_they_would_be(store):
    table = normalise(pa.concat_tables([EVERY_KIND] * 2000))
    rows = ON_DISK.keep([table.slice(0, 7), table.slice(7)])
    assert rows.held is None
    ref = store.write("a", rows)
    assert ref == store.write("a", table)
    assert (ref.rows, ref.content_id) == (6000, table_content_id(table))
    assert table_content_id(store.read(ref)) == ref.content_id


def test_where_rows_lie_in_files_these_can_be_read_without_the_store(store):
    ref = store.write("sources/all", EVERY_KIND)
    store.write("sources/all", EVERY_KIND.slice(1))
    files = store.files(ref)
    if files:
        assert table_content_id(pq.read_table(list(files))) == ref.content_id
    with pytest.raises(UnknownTableError):
        store.files(replace(ref, content_id="0" * 64))


def test_the_same_rows_in_any_order_are_the_same_table(store):
    assert store.write("a", EVERY_KIND) == store.write("a", EVERY_KIND.take([2, 0, 1]))


def test_older_contents_stay_readable_and_are_found_again(store):
    tables = [pa.table({"x": [number]}) for number in range(3)]
    refs = [store.write("a", table) for table in tables]
    assert [store.read(ref).to_pydict() for ref in refs] == [table.to_pydict() for table in tables]
    assert store.write("a", tables[0]) == refs[0]
    assert all(store.has(ref) for ref in refs)


def test_a_table_may_change_its_columns(store):
    first = store.write("a", pa.table({"x": [1]}))
    second = store.write("a", pa.table({"y": ["z"], "x": ["now text"]}))
    assert store.read(first).to_pydict() == {"x": [1]}
    assert store.read(second).to_pydict() == {"y": ["z"], "x": ["now text"]}


@pytest.mark.parametrize("locator", ["", "0", "7", "elsewhere", "-1", "../../x"])
def test_a_locator_is_only_a_hint(store, locator):
    store.write("a", pa.table({"x": [1]}))
    ref = replace(store.write("a", pa.table({"x": [2]})), locator=locator)
    assert store.has(ref)
    assert store.read(ref).to_pydict() == {"x": [2]}


def test_columns_are_read_in_the_order_named(store):
    ref = store.write("a", EVERY_KIND)
    assert store.read(ref, ["s", "i"]).to_pydict() == {"s": ["a", None, "ü"], "i": [1, None, -3]}
    assert store.read(ref, []).num_rows == 3
    with pytest.raises(UnknownNameError, match="'speed'"):
        store.read(ref, ["speed"])


def test_a_table_of_no_rows_is_a_table(store):
    ref = store.write("a", EVERY_KIND.slice(0, 0))
    assert ref.rows == 0
    assert store.read(ref).column_names == list("ifstb")


def test_what_is_not_there_is_not_there(store):
    ref = store.write("a", EVERY_KIND)
    for missing in (replace(ref, name="b"), replace(ref, content_id="0" * 64)):
        assert not store.has(missing)
        with pytest.raises(UnknownTableError, match=missing.content_id[:12]):
            store.read(missing)


def test_what_is_there_is_whole_and_what_is_not_is_damage(store):
    refs = [store.write("a", table) for table in (EVERY_KIND, EVERY_KIND.slice(1), EVERY_KIND.slice(0, 0))]
    assert [store.damage(ref) for ref in refs] == ["", "", ""]
    assert store.damage(replace(refs[0], name="b")) != ""
    assert store.damage(replace(refs[0], content_id="0" * 64)) != ""


def test_names_are_apart(store):
    refs = [store.write(name, EVERY_KIND) for name in ("sources/a", "sources/b", "a")]
    assert len({ref.content_id for ref in refs}) == 1
    store.write("a", pa.table({"x": [1]}))
    assert all(store.has(ref) for ref in refs)


@pytest.mark.parametrize("name", ["", "/abs", "../up", "a/../b", "a//b", "a/", ".hidden", "a/_delta_log", "a b"])
def test_a_name_that_is_no_plain_path_is_refused(store, name):
    with pytest.raises(MisuseError, match="not a table's name"):
        store.write(name, EVERY_KIND)


def test_a_column_without_a_kind_is_refused_by_name(store):
    with pytest.raises(SourceError, match="'tags'"):
        store.write("a", pa.table({"tags": [["x"]]}))


@pytest.mark.parametrize("name", ["a b;{},\n=", "x.y", "`tick`", "^.*$", "Größe", "_", "100%"])
def test_odd_column_names_are_names(store, name):
    ref = store.write("a", pa.table({name: [1, 2], "other": [3, 4]}))
    assert store.read(ref, [name]).to_pydict() == {name: [1, 2]}


def test_threads_share_a_store(store):
    def write(number):
        ref = store.write(f"t/{number % 4}", pa.table({"x": [number]}))
        return store.read(ref).to_pydict()["x"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, range(12))) == [[number] for number in range(12)]


def test_a_scan_gives_the_rows_that_reading_gives_and_only_what_is_asked_for(store):
    ref = store.write("sources/all", EVERY_KIND)
    rows = store.scan(ref)
    assert table_content_id(rows.collect().to_arrow()) == ref.content_id
    assert rows.select("s").filter(pl.col("s") == "ü").collect().to_series().to_list() == ["ü"]
    empty = store.write("sources/none", EVERY_KIND.slice(0, 0))
    assert store.scan(empty).collect().shape == (0, 5)


def test_a_scan_of_an_older_content_stays_what_it_was(store):
    first = store.write("a", pa.table({"x": [1]}))
    store.write("a", pa.table({"x": [2]}))
    assert store.scan(first).collect()["x"].to_list() == [1]


def test_what_was_never_written_cannot_be_scanned(store):
    ref = store.write("a", pa.table({"x": [1]}))
    with pytest.raises(UnknownTableError):
        store.scan(replace(ref, content_id="0" * 64))
