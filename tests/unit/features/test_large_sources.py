"""Sources too large to be held: laid out once, computed part by part, and gone on with after a kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import sluiceway as sw
from sluiceway.adapters.derived_folder import DerivedFolder
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_derived import MemoryDerived
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.features.large_sources import LargeSources
from sluiceway.features.point_in_time import Facts, features_at
from sluiceway.features.stored_rows import stored_rows
from sluiceway.plans.table_digest import table_content_id

TIME = pa.timestamp("us", "UTC")
HOUR = 3_600_000_000
ROWS, CUSTOMERS, PARTS = 4_000, 400, 16
VIEW = sw.FeatureView(
    "bought", entity="customer", source=sw.Source("purchases", sql="unused", event_time="t", key="id"), every="1h",
    features=[sw.sum("price", over="24h"), sw.max("price", over="6h"), sw.latest("price")],
)  # fmt: skip


def purchases(corrected):
    """Purchases in no order; some are corrected later, and belong to another customer then."""
    draw = np.random.default_rng(3)
    known = draw.integers(0, 2_000, ROWS) * HOUR
    return pa.table(
        {
            "id": draw.integers(0, ROWS if corrected else 10**12, ROWS),
            "customer": [f"c{number}" for number in draw.integers(0, CUSTOMERS, ROWS)],
            "price": draw.standard_normal(ROWS),
            "_event_time": pa.array(known - draw.integers(0, 5, ROWS) * HOUR).cast(TIME),
            "_known_time": pa.array(known).cast(TIME),
        }
    )


def facts_of(derived, *, corrected=True):
    tables = MemoryTables()
    ref = tables.write("sources/purchases", purchases(corrected))
    dataset = DatasetVersion((), (ref,), RestoreReport(0.0, 0, 0, 0, ()))
    large = LargeSources(derived, from_rows=0, part_rows=ROWS // PARTS, keep_answers=True) if derived else None
    return Facts(dataset, tables, DuckdbEngine(threads=1), 1_900 * HOUR, large=large or LargeSources())


def predictions(count=900):
    draw = np.random.default_rng(4)
    who = [f"c{number}" for number in draw.integers(0, CUSTOMERS + 9, count)]
    at = pa.array(draw.integers(0, 2_000 * HOUR, count)).cast(TIME)
    return pa.table({"_row": pa.array(range(count)), "_at": at, "customer": who})


def computed(derived, *, corrected=True):
    return features_at(facts_of(derived, corrected=corrected), VIEW, predictions())


def answers(folder):
    return {path.name for path in Path(folder).glob("columns/*/*.arrow")}


@pytest.mark.parametrize("corrected", [True, False], ids=["corrected", "as they came"])
def test_parts_give_what_the_whole_gives(corrected):
    whole = computed(None, corrected=corrected)
    parted = computed(MemoryDerived(), corrected=corrected)
    assert parted.column("_row").to_pylist() == list(range(900))
    assert parted.equals(whole.sort_by("_row").select(parted.column_names).cast(parted.schema))


def test_a_backfill_that_is_killed_goes_on_and_ends_as_if_it_had_not_been(tmp_path):
    child = subprocess.Popen([sys.executable, __file__, str(tmp_path)], start_new_session=True)
    deadline = time.monotonic() + 60
    while len(answers(tmp_path)) < 3 and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    before = answers(tmp_path)
    assert 3 <= len(before) < PARTS
    derived = Counting(tmp_path)
    made = computed(derived)
    assert before < answers(tmp_path)
    assert len(derived.put_there) == PARTS - len(before)
    assert table_content_id(made) == table_content_id(computed(None))


class Counting(DerivedFolder):
    """A folder that remembers what was put into it."""

    def __init__(self, root):
        super().__init__(root)
        self.put_there = []

    def put(self, key, table):
        super().put(key, table)
        self.put_there.append(key)


def test_a_layout_is_made_once_and_again_when_a_byte_of_it_changed(tmp_path):
    computed(DerivedFolder(tmp_path))
    again = Counting(tmp_path)
    wanted = computed(again)
    assert again.put_there == []
    part = next(tmp_path.glob("layouts/*/part-00003*"))
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    for path in tmp_path.glob("columns/*/*"):
        path.unlink()
    mended = Counting(tmp_path)
    assert computed(mended).equals(wanted)
    assert any("part-00003" in key for key in mended.put_there)


def test_nothing_is_left_on_the_way_to_a_layout(tmp_path):
    computed(DerivedFolder(tmp_path))
    assert [path.name for path in tmp_path.glob("layouts/*/run-*")] == []
    assert list(tmp_path.rglob("*.draft")) == []


def test_stored_rows_are_all_rows_however_often_they_are_read():
    tables = MemoryTables()
    table = purchases(corrected=True)
    ref = tables.write("sources/purchases", table)
    rows = stored_rows(tables.scan(ref), ref.rows)
    for _ in range(2):
        assert table_content_id(rows.table()) == ref.content_id
    assert rows.table(["price"]).num_rows == ROWS
    sql = "SELECT sum(id) FROM source"
    assert DuckdbEngine().query(sql, {"source": rows}) == DuckdbEngine().query(sql, {"source": table})


if __name__ == "__main__":
    computed(DerivedFolder(Path(sys.argv[1])))
    time.sleep(60)  # so that a kill is what ends it
