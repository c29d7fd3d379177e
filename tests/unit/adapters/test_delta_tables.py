"""What Delta tables promise beyond the contract: kills, damage, and a quick look."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pytest

from sluiceway.adapters.delta_tables import DeltaTables
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
    with pytest.raises(DamagedError, match=r"'t'.*missing or cut short.*run again"):
        store.read(ref)
    again = store.write("t", TABLE)
    assert again.content_id == ref.content_id
    assert store.has(ref)
    assert store.read(ref).num_rows == 1000


def test_damage_inside_a_file_names_the_table_and_the_way_out(tmp_path):
    store = DeltaTables(tmp_path)
    ref = store.write("t", TABLE)
    file = files_of(tmp_path / "t")[0]
    content = bytearray(file.read_bytes())
    content[-4:] = b"XXXX"
    file.write_bytes(content)
    with pytest.raises(DamagedError, match="'t'") as damage:
        store.read(ref)
    assert f"delete {file}" in str(damage.value)
    file.unlink()
    assert store.read(store.write("t", TABLE)).num_rows == 1000


def test_a_flipped_byte_never_reads_as_the_same_content(tmp_path):
    store = DeltaTables(tmp_path)
    ref = store.write("t", TABLE)
    file = files_of(tmp_path / "t")[0]
    whole = file.read_bytes()
    for place in range(50, 3000, 150):
        content = bytearray(whole)
        content[place] ^= 0x55
        file.write_bytes(content)
        try:
            assert table_content_id(store.read(ref)) != ref.content_id
        except DamagedError:
            continue


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
