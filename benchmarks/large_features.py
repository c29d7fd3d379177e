"""Stages 1 to 4 on facts larger than the memory that a run may have: it is killed when it has more.

    python benchmarks/large_features.py [--rows 60_000_000] [--limit-mib 4096]

The project has that many facts with a key, an entity, two times and eight numbers of two decimals, and a twentieth as
many predictions; two views have windows and latest values. The command is the installed one, ``sluiceway run --until
features``. Fifty times a second the kernel is asked how much memory it has that is not of files (``RssAnon`` and
``RssShmem``, ``of its own``): what cannot be taken back, and what a container with that limit is killed for. Past the
limit it is killed; between two looks it may have had some 40 MiB more. ``peak`` is its largest resident set with the
pages of files (``VmHWM``), which the system takes back at will. Raw data counts 8 bytes a value. On disk a fact takes
some 350 bytes meanwhile. ``RLIMIT_DATA`` would not do here: it counts what allocators keep in reserve, several times
what is in use.
"""

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from measured import sluiceway, table

BATCH, NUMBERS = 500_000, 8
EPOCH_US = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
SPAN_US = 90 * 86_400_000_000
TIME = pa.timestamp("us", "UTC")
SPEC = """\
problem: {name: returns, statement: "Will it come back?", owner: benchmarks}
target: {kind: binary, label: returned, positive: 1}
inputs: [customer, asked_at]
costs: {currency: EUR, false_negative: 2, false_positive: 1}
metric: {name: f_beta, beta: auto}
sla: {latency_p99_ms: 50, success_rate: 0.99}
"""
PIPELINE = """\
import sluiceway as sw

facts = sw.Source("facts", sw.files("data/facts/*.parquet"), key="fact", event_time="at")
orders = sw.Source("orders", sw.files("data/orders.parquet"), key="order", event_time="asked_at")
outcomes = sw.Source("outcomes", sql="SELECT \\"order\\", asked_at + INTERVAL 1 DAY AS told_at, returned FROM orders",
                     key="order", event_time="told_at")
recent = sw.FeatureView("recent", entity="customer", source=facts, every="1h", features=[
    sw.mean("n0", over="24h"), sw.count(over="24h"), sw.max("n1", over="24h")])
newest = sw.FeatureView("newest", entity="customer", source=facts, ttl="30d", features=[
    sw.latest(f"n{number}") for number in range(2, 8)])
pipeline = sw.Pipeline(
    spec="spec.yaml", views=[recent, newest],
    label=sw.Label("returned", outcomes, "returned > 0", each=orders, at="asked_at", matures="2d"),
    model=lambda trial: None)
"""


def pieces(rows: int, customers: int) -> Iterator[pa.Table]:
    """Make facts in the order of their times."""
    draw = np.random.default_rng(1)
    for start in range(0, rows, BATCH):
        number = np.arange(start, min(start + BATCH, rows))
        columns = {
            "fact": number,
            "customer": draw.integers(0, customers, len(number)),
            "at": pa.array(EPOCH_US + (number * (SPAN_US / rows)).astype(np.int64)).cast(TIME),
        }
        numbers = {f"n{place}": draw.standard_normal(len(number)).round(2) for place in range(NUMBERS)}
        yield pa.table(columns | numbers)


def make(folder: Path, rows: int) -> None:
    """Write a project."""
    (folder / "data" / "facts").mkdir(parents=True)
    customers = max(10, rows // 100)
    for place, piece in enumerate(pieces(rows, customers)):
        pq.write_table(piece, folder / "data" / "facts" / f"{place:05}.parquet")
    draw, count = np.random.default_rng(2), rows // 20
    orders = {
        "order": np.arange(count),
        "customer": draw.integers(0, customers, count),
        "asked_at": pa.array(EPOCH_US + draw.integers(0, SPAN_US, count)).cast(TIME),
        "returned": draw.integers(0, 2, count),
    }
    pq.write_table(pa.table(orders), folder / "data" / "orders.parquet")
    (folder / "spec.yaml").write_text(SPEC)
    (folder / "pipeline.py").write_text(PIPELINE)


@dataclass(frozen=True, slots=True)
class Watched:
    """What the command used."""

    exit_code: int
    seconds: float
    peak_mib: float
    own_mib: float


def watched(command: list[str], limit_mib: int) -> Watched:
    """Run a command, ask the kernel what memory it has until it ends, and kill it when it has too much of its own."""
    most = own = 0
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            held = memory_of(running.pid)
            most, own = max(most, held["VmHWM"]), max(own, held["RssAnon"] + held["RssShmem"])
            if own > limit_mib * 1024:
                running.kill()
            time.sleep(0.02)
    seconds = time.perf_counter() - started
    return Watched(running.returncode, seconds, most / 1024, own / 1024)


def memory_of(process: int) -> dict[str, int]:
    """Ask what memory a process has, in KiB; nothing of one that has ended."""
    found = dict.fromkeys(("VmHWM", "RssAnon", "RssShmem"), 0)
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0])
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=lambda text: int(text.replace("_", "")), default=60_000_000)
    arguments.add_argument("--limit-mib", type=int, default=4096)
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sluiceway-bench-"))
    try:
        make(folder, given.rows)
        found = watched([sluiceway(), "run", "--until", "features", "--project", str(folder)], given.limit_mib)
        raw_mib = given.rows * 8 * (NUMBERS + 3) / 2**20
        heads = ["facts", "predictions", "raw MiB", "limit MiB", "exit", "seconds", "peak MiB", "of its own MiB"]
        row = [f"{given.rows:,}", f"{given.rows // 20:,}", f"{raw_mib:,.0f}", f"{given.limit_mib:,}", found.exit_code,
               f"{found.seconds:.0f}", f"{found.peak_mib:,.0f}", f"{found.own_mib:,.0f}"]  # fmt: skip
        print(table(heads, [row]))
        return found.exit_code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
