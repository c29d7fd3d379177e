"""Stages 1 to 3 on a table that is larger than what a run may hold: time, and the largest resident set.

    python benchmarks/large_ingest.py [--rows 20_000_000] [--origin parquet|sqlite|postgresql]

The project has one fact table of six columns from that origin, with times, a key and expectations, and a source that
is derived from it by SQL. The command is the installed one, ``sluiceway run --until validate``; its figure is the
kernel's own peak of the process (``VmHWM``), asked for as long as it runs. Raw data counts 8 bytes a number or time, 1
a boolean, and a text's own bytes. The aim is less than 1 GiB, of as many rows as there are.
"""

import argparse
import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from measured import sluiceway, table

BATCH = 500_000
AIMED_MIB = 1024
EPOCH_US = int(datetime(2013, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("sold_at", pa.timestamp("us", "UTC")),
        ("price", pa.float64()),
        ("share", pa.float64()),
        ("customer", pa.string()),
        ("paid", pa.bool_()),
    ]
)
SPEC = """\
problem: {name: paid_late, statement: "Will it be paid late?", owner: benchmarks}
target: {kind: binary, label: paid_late, positive: 1}
inputs: [id, sold_at, customer]
costs: {currency: EUR, false_negative: 2, false_positive: 1}
metric: {name: f_beta, beta: auto}
sla: {latency_p99_ms: 50, success_rate: 0.99}
"""
PIPELINE = """\
import sluiceway as sw

sales = sw.Source("sales", ORIGIN, key="id", event_time="sold_at", expectations=[
    sw.column("price").between(0, 1_000_000), sw.column("customer").not_null(), sw.row("share >= 0")])
dear = sw.Source("dear", sql="SELECT id, sold_at, price, share * 2 AS double_share FROM sales WHERE price > 5000",
                 key="id", event_time="sold_at")
pipeline = sw.Pipeline(
    spec="spec.yaml", views=[sw.RequestView(hour="hour(sold_at)")],
    label=sw.Label("paid_late", dear, "price > 9000", each=sales, at="sold_at", matures="1d"),
    model=lambda trial: None)
"""
FILE = """sw.table("sqlite:///data/sales.sqlite", "sales", cursor="id"), sql=(
    "SELECT id, CAST(sold_at AS timestamptz) AS sold_at, price, share, customer, paid FROM sales")"""


def batches(rows: int) -> Iterator[pa.RecordBatch]:
    """Make sales."""
    rng = np.random.default_rng(1)
    for start in range(0, rows, BATCH):
        number = np.arange(start, min(start + BATCH, rows))
        columns = [
            pa.array(number),
            pa.array(EPOCH_US + number * 1_000_000).cast(SCHEMA.field("sold_at").type),
            pa.array((number % 1000) * 9.99),
            pa.array(rng.random(len(number))),
            pa.array(np.char.add("customer ", (number % 5000).astype(str))),
            pa.array(number % 3 > 0),
        ]
        yield pa.record_batch(columns, schema=SCHEMA)


def raw_bytes(rows: int) -> int:
    """How large the data is by itself."""
    per_number = rows * (4 * 8 + 1)
    return per_number + sum(len(f"customer {number % 5000}") for number in range(min(rows, 5000))) * rows // min(
        rows, 5000
    )


def write_parquet(folder: Path, rows: int) -> None:
    """Write a file of row groups as writers usually make them."""
    with pq.ParquetWriter(folder / "data" / "sales.parquet", SCHEMA) as writer:
        for batch in batches(rows):
            writer.write_batch(batch)


def write_sqlite(folder: Path, rows: int) -> None:
    """Write a table of a SQLite file; times are texts there."""
    with contextlib.closing(sqlite3.connect(folder / "data" / "sales.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, sold_at, price, share, customer, paid)")
        for batch in batches(rows):
            columns = [batch.column(place).to_pylist() for place in range(6)]
            columns[1] = [moment.isoformat() for moment in columns[1]]
            connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?)", zip(*columns, strict=True))


MADE = f"""CREATE TABLE sales AS
SELECT n AS id, to_timestamp({EPOCH_US // 1_000_000} + n) AS sold_at, (n % 1000) * 9.99::float8 AS price,
       random() AS share, 'customer ' || n % 5000 AS customer, n % 3 > 0 AS paid
FROM generate_series(0, {{rows}} - 1) AS n"""


@contextlib.contextmanager
def prepared(origin: str, folder: Path, rows: int) -> Iterator[str]:
    """Put the data where it comes from; give what to declare of it."""
    (folder / "data").mkdir()
    if origin == "parquet":
        write_parquet(folder, rows)
        yield 'sw.files("data/sales.parquet")'
        return
    if origin == "sqlite":
        write_sqlite(folder, rows)
        yield FILE
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pgserver
    server = pgserver.get_server(folder / "server", cleanup_mode="stop")
    try:
        server.psql(MADE.format(rows=rows))
        socket = server.get_postmaster_info().socket_dir
        yield f'sw.table("postgresql://postgres@/postgres?host={socket}", "sales", cursor="id")'
    finally:
        server.cleanup()


@dataclass(frozen=True, slots=True)
class Watched:
    """What the command used."""

    exit_code: int
    seconds: float
    peak_mib: float


def watched(command: list[str]) -> Watched:
    """Run a command, and ask the kernel for its peak until it ends."""
    started, peak = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        status = Path(f"/proc/{running.pid}/status")
        while running.poll() is None:
            with contextlib.suppress(OSError, StopIteration):
                line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
                peak = max(peak, int(line.split()[1]))
            time.sleep(0.02)
    return Watched(running.returncode, time.perf_counter() - started, peak / 1024)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=lambda text: int(text.replace("_", "")), default=20_000_000)
    arguments.add_argument("--origin", choices=["parquet", "sqlite", "postgresql"], default="parquet")
    arguments.add_argument("--keep", action="store_true", help="leave the project, to look at it")
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sluiceway-bench-"))
    try:
        with prepared(given.origin, folder, given.rows) as origin:
            (folder / "spec.yaml").write_text(SPEC)
            (folder / "pipeline.py").write_text(PIPELINE.replace("ORIGIN", origin))
            run = [sluiceway(), "run", "--until", "validate", "--project", str(folder)]
            found = watched(run)
        raw_mib = raw_bytes(given.rows) / 2**20
        headings = ["rows", "origin", "raw data, MiB", "seconds", "peak memory, MiB", "peak / raw data", "reached"]
        peak = found.peak_mib
        row = [f"{given.rows:,}", given.origin, f"{raw_mib:,.0f}", f"{found.seconds:.0f}", f"{peak:,.0f}",
               f"{peak / raw_mib:.2f}", "yes" if peak < AIMED_MIB else "no"]  # fmt: skip
        print(table(headings, [row]))
        if given.keep:
            sys.stderr.write(json.dumps({"folder": str(folder)}) + "\n")
        return found.exit_code
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
