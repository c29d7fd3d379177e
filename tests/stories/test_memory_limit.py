"""Stage 4 over a source that is larger than the memory it may have, in a process that the kernel holds to it."""

import os
import re
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.small_airline import TIME, build, flights, landed, landings, pipeline, scheduled

import sluiceway as sw
from sluiceway.adapters.derived_folder import DerivedFolder
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.features import run
from sluiceway.features.large_sources import LargeSources

MIB = 2**20
ROWS, COLUMNS, FILES, PART_ROWS = 2_400_000, 30, 12, 100_000
RAW_MIB = ROWS * 8 * (COLUMNS + 3) // MIB
LIMIT_MIB = 560
NAMES = [f"n{number}" for number in range(COLUMNS)]
FACTS = sw.Source("facts", sql="unused", event_time="t")
VIEW = sw.FeatureView("state", entity="distance", source=FACTS, every="1h", features=[
    *map(sw.latest, NAMES), sw.count(over="6h"), sw.max("n0", over="6h"),
])  # fmt: skip
# The limit counts what is reserved, too: these allocators give back at once what they do not use.
LEAN = {
    "POLARS_MAX_THREADS": "2",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0,retain:false,narenas:2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "1000000",
    "MALLOC_MMAP_THRESHOLD_": "131072",
}


class Stored(MemoryTables):
    """Small tables in memory; the facts, in Parquet files."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def scan(self, ref):
        return pl.scan_parquet(self.folder / "*.parquet") if ref.name == "sources/facts" else super().scan(ref)

    def read(self, ref, columns=None):
        if ref.name != "sources/facts":
            return super().read(ref, columns)
        return pq.read_table(self.folder, columns=None if columns is None else list(columns))

    def write(self, name, table, *, by=None):
        if name != "sources/facts":
            return super().write(name, table, by=by)
        kinds = (Column("distance", "integer"), *(Column(each, "number") for each in NAMES))
        return TableRef(name, "0" * 64, ROWS, kinds)


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    """Facts about the distances that flights have, over their days; columns of few values are written fast."""
    folder = tmp_path_factory.mktemp("facts")
    draw, rows = np.random.default_rng(1), ROWS // FILES
    first = scheduled(flights()).column("_event_time")[0].value
    for number in range(FILES):
        time = pa.array(first + (number * rows + np.arange(rows)) * 90_000).cast(TIME)
        columns = {name: draw.integers(0, 250, rows).astype(float) for name in NAMES}
        made = {"distance": draw.integers(0, 20_000, rows), **columns, "_event_time": time, "_known_time": time}
        pq.write_table(pa.table(made), folder / f"{number:02}.parquet", row_group_size=rows // 4)
    return folder


def ran(facts, derived, how):
    """Run stage 4; a process past its limit gets no more memory, and fails."""
    command = [sys.executable, __file__, str(facts), str(derived), how]
    environment = {**os.environ, **LEAN, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, preexec_fn=limited, timeout=300
    )


def limited():
    resource.setrlimit(resource.RLIMIT_STACK, (MIB, MIB))  # of each thread, and counted whole
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_MIB * MIB, LIMIT_MIB * MIB))


def test_a_source_larger_than_the_memory_goes_through(facts, tmp_path):
    assert RAW_MIB > LIMIT_MIB
    done = ran(facts, tmp_path, "by parts")
    assert (done.returncode, done.stdout) == (0, "45\n"), done.stderr[-2000:]


def test_the_same_fails_where_the_source_is_held(facts, tmp_path):
    done = ran(facts, tmp_path, "held")
    assert done.returncode != 0
    assert re.search("ArrowMemoryError|memory allocation of|Out of Memory|MemoryError", done.stderr)


def stage_four(folder, derived, how):
    """Tell how many labelled rows there are."""
    from_rows = ROWS if how == "by parts" else ROWS + 1
    run.LargeSources = partial(LargeSources, from_rows=from_rows, part_rows=PART_ROWS)
    sources = {"schedule": scheduled(flights()), "landings": landed(landings()), "facts": None}
    made, rows = build(pipeline([VIEW]), sources, tables=Stored(folder), derived=DerivedFolder(derived))
    assert any(row["state__count_6h"] for row in rows)
    sys.stdout.write(f"{made.counts.labelled}\n")


if __name__ == "__main__":
    stage_four(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
