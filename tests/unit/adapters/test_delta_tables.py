"""What Delta tables promise beyond the contract: kills, damage, and a quick look."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from sluiceway.adapters.delta_tables import DeltaTables
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.core.errors import DamagedError
from sluiceway.plans.table_digest import table_content_id

TABLE = pa.table({"x": list(range(1000)), "s": [f"row {number}" for number in range(1000)]})

WRITING = """
import sys
from pathlib import Path
import pyarrow as pa
from sluiceway.adapters.delta_tables import DeltaTables

store = DeltaTables(Path(sys.argv[1]))
number = 0
while True:
    ref = store.write("t", pa.table({"x": [number] * 50_000}))
    print(number, ref.content_id, flush=True)
    number += 1
"""
LOOKING = """
import sys
from pathlib import Path
from sluiceway.adapters.delta_tables import DeltaTables
from sluiceway.artifacts.table_ref import TableRef

print(DeltaTables(Path(sys.argv[1])).has(TableRef("t", sys.argv[2], 1, (), "0")))
print({"deltalake", "pyarrow", "polars", "numpy"} & set(sys.modules))
"""
READING = """
import sys
from pathlib import Path
import numpy, pyarrow as pa
from sluiceway.adapters.delta_tables import DeltaTables

store = DeltaTables(Path(sys.argv[1]))
store.read(store.write("t", pa.table({f"c{place}": numpy.arange(30_000.0) for place in range(10)})))
"""


def start(script, *args):
    return subprocess.Popen([sys.executable, "-c", script, *args], stdout=subprocess.PIPE, text=True)


def files_of(folder):
    return sorted(folder.glob("*.parquet"))


def test_killed_writers_leave_what_they_acknowledged_and_no_obstacle(tmp_path):
    chance = random.Random(1)
    acknowledged = {}
    for _ in range(3):
        child = start(WRITING, str(tmp_path))
        child.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.15))
        os.kill(child.pid, signal.SIGKILL)
        rest, _ = child.communicate()
        acknowledged |= dict(line.split() for line in rest.splitlines() if len(line.split()[-1]) == 64)
        store = DeltaTables(tmp_path)
        for number, content in acknowledged.items():
            ref = store.write("t", pa.table({"x": [int(number)] * 50_000}))
            assert ref.content_id == content
            assert table_content_id(store.read(ref)) == content
    assert acknowledged


def test_a_content_written_twice_has_one_version(tmp_path):
    store = DeltaTables(tmp_path)
    first = store.write("t", TABLE)
    store.write("t", TABLE.slice(5))
    assert store.write("t", TABLE) == first
    assert len(list((tmp_path / "t" / "_delta_log").glob("*.json"))) == 2


@pytest.mark.parametrize(("columns", "most"), [(2, 131_072), (64, 32_768)])
def test_files_are_in_pieces_that_are_small_when_decoded(tmp_path, columns, most):
    rows = 140_000
    DeltaTables(tmp_path).write("t", pa.table({f"c{number}": pa.array(range(rows)) for number in range(columns)}))
    [file] = tmp_path.glob("t/*.parquet")
    about = pq.read_metadata(file)
    assert max(about.row_group(number).num_rows for number in range(about.num_row_groups)) == most


def test_looking_for_a_table_loads_no_heavy_library(tmp_path):
    ref = DeltaTables(tmp_path).write("t", TABLE)
    child = start(LOOKING, str(tmp_path), ref.content_id)
    assert child.communicate()[0].split("\n")[:2] == ["True", "set()"]


def test_a_process_that_read_a_table_ends_well(tmp_path):
    children = [start(READING, str(tmp_path / str(number))) for number in range(3)]
    assert [(child.communicate()[0], child.returncode) for child in children] == [("", 0)] * 3


def test_a_file_cut_short_is_damage_until_it_is_written_again(tmp_path):
    store = DeltaTables(tmp_path)
    ref = store.write("t", TABLE)
    file = files_of(tmp_path / "t")[0]
    file.write_bytes(file.read_bytes()[:100])
    assert not store.has(ref)
    with pytest.raises(DamagedError, match=r"'t'.*missing or cut short.*run --again"):
        store.read(ref)
    with pytest.raises(DamagedError, match=r"'t'.*missing or cut short.*run --again"):
        store.scan(ref)
    again = store.write("t", TABLE)
    assert again.content_id == ref.content_id
    assert store.has(ref)
    assert store.read(ref).num_rows == 1000


def flipped(file, place, bit):
    """Flip one bit of a file; return what puts it back."""
    whole = file.read_bytes()
    content = bytearray(whole)
    content[place] ^= 1 << bit
    file.write_bytes(content)
    return lambda: file.write_bytes(whole)


def every_file(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("table", [TABLE, TABLE.slice(0, 0)], ids=["rows", "no rows"])
def test_no_flipped_bit_of_any_file_reads_as_the_table(tmp_path, table):
    store = DeltaTables(tmp_path)
    ref = store.write("t", table)
    chance = random.Random(3)
    assert len(every_file(tmp_path)) >= 2
    for file in every_file(tmp_path):
        for _ in range(40):
            put_back = flipped(file, chance.randrange(file.stat().st_size), chance.randrange(8))
            if file.parent.name == "_sha256" and not store.damage(ref):  # the rows themselves proved whole
                assert store.read(ref).equals(table)
            else:
                assert store.damage(ref)
                with pytest.raises(DamagedError):
                    store.read(ref, ["x"])
            put_back()
    assert store.damage(ref) == ""
    assert store.read(ref).equals(table)


def test_a_damaged_table_is_made_whole_by_writing_it_again_and_found_by_old_refs(tmp_path):
    store = DeltaTables(tmp_path)
    ref = store.write("t", TABLE)
    flipped(files_of(tmp_path / "t")[0], 500, 3)
    with pytest.raises(DamagedError, match=r"'t'.*other bytes.*sluiceway run --again ingest"):
        store.read(ref)
    again = store.write("t", TABLE)
    assert (again.content_id, again.locator) == (ref.content_id, "1")
    assert store.damage(ref) == ""
    assert store.read(ref).equals(TABLE)


def test_a_damaged_seal_is_made_anew_with_the_table(tmp_path):
    store = DeltaTables(tmp_path)
    ref = store.write("t", TABLE)
    [seal] = (tmp_path / "t" / "_sha256").iterdir()
    seal.write_text("{")
    assert "seal" in store.damage(ref)
    store.write("t", TABLE)
    assert store.damage(ref) == ""


def test_a_table_whose_seal_a_kill_prevented_is_compared_whole_once_and_sealed(tmp_path):
    store = DeltaTables(tmp_path)
    ref = store.write("t", TABLE)
    [seal] = (tmp_path / "t" / "_sha256").iterdir()
    sealed = seal.read_bytes()
    seal.unlink()
    assert store.read(ref, ["x"]).num_rows == 1000
    assert seal.read_bytes() == sealed


def test_an_unsealed_table_with_other_rows_is_not_sealed(tmp_path):
    store = DeltaTables(tmp_path)
    ref = store.write("t", TABLE)
    pq.write_table(TABLE.set_column(0, "x", pa.array([0] * 1000)), files_of(tmp_path / "t")[0])
    [seal] = (tmp_path / "t" / "_sha256").iterdir()
    seal.unlink()
    log = tmp_path / "t" / "_delta_log" / f"{0:020}.json"
    size = files_of(tmp_path / "t")[0].stat().st_size
    log.write_text(re.sub(r'"size":\d+', f'"size":{size}', log.read_text()))
    assert "other rows" in store.damage(ref)
    assert not seal.exists()


def test_a_damaged_log_is_named(tmp_path):
    store = DeltaTables(tmp_path)
    ref = store.write("t", TABLE)
    entry = tmp_path / "t" / "_delta_log" / f"{0:020}.json"
    entry.write_text(entry.read_text()[:50])
    with pytest.raises(DamagedError, match=entry.name):
        store.has(ref)


def test_many_versions_outlive_checkpoints(tmp_path):
    store = DeltaTables(tmp_path)
    refs = [store.write("t", pa.table({"x": [number]})) for number in range(105)]
    assert list((tmp_path / "t" / "_delta_log").glob("*.checkpoint.parquet")), "the test needs a checkpoint"
    assert [store.read(refs[number]).to_pydict()["x"] for number in (0, 99, 104)] == [[0], [99], [104]]
    assert store.write("t", pa.table({"x": [3]})) == refs[3]


def test_the_commit_carries_the_content_id(tmp_path):
    ref = DeltaTables(tmp_path).write("t", TABLE)
    lines = (tmp_path / "t" / "_delta_log" / f"{0:020}.json").read_text().splitlines()
    info = next(json.loads(line)["commitInfo"] for line in lines if "commitInfo" in line)
    assert info["sluiceway.content"] == ref.content_id


def sales(first, count):
    at = pa.array([(first + number) * 86_400_000_000 for number in range(count)], pa.timestamp("us", "UTC"))
    return pa.table({"x": list(range(count)), "_at": at})


@pytest.mark.parametrize("engine", [None, DuckdbEngine(held_bytes=0)], ids=["held", "by pieces"])
def test_many_rows_lie_by_the_month_of_a_time_and_every_version_reads_as_it_was_written(tmp_path, monkeypatch, engine):
    monkeypatch.setattr("sluiceway.adapters.delta_write.MONTH_ROWS", 20)
    store = DeltaTables(tmp_path, engine)
    versions = [sales(0, 30), sales(0, 90), sales(31, 28), sales(31, 59)]
    refs = [store.write("t", table if engine is None else engine.keep([table]), by="_at") for table in versions]
    by_month = [DeltaTable(tmp_path / "t", version=place).metadata().partition_columns for place in range(4)]
    assert by_month == [[], ["_month"], [], ["_month"]]
    for ref, table in zip(refs, versions, strict=True):
        assert (ref.content_id, store.damage(ref)) == (table_content_id(table), "")
        assert store.read(ref).equals(table)
        assert store.scan(ref).collect().to_arrow().equals(table)
        assert DeltaTables(tmp_path, engine).read(replace(ref, locator=""), ["x"]).equals(table.select(["x"]))
    months = sorted(path.parent.name for path in (tmp_path / "t").glob("_month=*/*.parquet"))
    assert months == [f"_month=1970-0{month}" for month in (1, 2, 2, 3, 3)]
    only = DeltaTable(tmp_path / "t", version=1).to_pyarrow_table(filters=[("_month", "=", "1970-02")])
    assert only.num_rows == 28


def test_files_of_months_are_swept_like_others(tmp_path, monkeypatch):
    monkeypatch.setattr("sluiceway.adapters.delta_write.MONTH_ROWS", 20)
    store = DeltaTables(tmp_path)
    old, new = store.write("t", sales(0, 90), by="_at"), store.write("t", sales(31, 59), by="_at")
    stray = tmp_path / "t" / "_month=1970-01" / "part-killed.parquet"
    stray.write_bytes(b"cut short")
    store.remove(store.leftovers(lambda key: new.content_id in key))
    assert (store.has(old), store.damage(new), stray.exists()) == (False, "", False)
    assert [path.parent.name for path in sorted((tmp_path / "t").glob("*/*.parquet"))] == [
        "_month=1970-02",
        "_month=1970-03",
    ]
