"""Stages 1 to 4 on facts larger than the memory that a run may have, under a limit that the kernel enforces.

    python benchmarks/large_features.py [--rows 60_000_000] [--limit-mib 4096]

The project has that many facts with a key, an entity, two times and eight numbers, and a twentieth as many predictions;
two views have windows and latest values. The command is the installed one, ``sluiceway run --until features``, with
``RLIMIT_DATA``: memory of its own past the limit is refused to it, and it would fail. Mapped files are not memory of
its own: the system takes their pages back at will. ``peak`` is the process's largest resident set, with these
(``VmHWM``); ``of its own`` the largest part of it that is not of files (``RssAnon``). Raw data counts 8 bytes a value.
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
LIMITED = """
import os, resource, sys
most = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_DATA, (most, most))
os.execv(sys.argv[2], sys.argv[2:])
"""
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
        yield pa.table(columns | {f"n{place}": draw.standard_normal(len(number)) for place in range(NUMBERS)})


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
    """Run a command that may have so much memory of its own, and ask the kernel what it has until it ends."""
    most = {"VmHWM": 0, "RssAnon": 0}

    started = time.perf_counter()
    limited = [sys.executable, "-c", LIMITED, str(limit_mib << 20), *command]
    with subprocess.Popen(limited, stdout=subprocess.DEVNULL) as running:
        status = Path(f"/proc/{running.pid}/status")
        while running.poll() is None:
            with contextlib.suppress(OSError):
                for line in status.read_text().splitlines():
                    name, _, value = line.partition(":")
                    if name in most:
                        most[name] = max(most[name], int(value.split()[0]))
            time.sleep(0.02)
    seconds = time.perf_counter() - started
    return Watched(running.returncode, seconds, most["VmHWM"] / 1024, most["RssAnon"] / 1024)


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
