"""Validation: 20 checks over 8 columns, by stage 3's rules and by the same sums written straight in polars.

    python benchmarks/validation.py [--rows 10000000] [--repeats 3] [--peers]

Stage 3 reads a stored table piece by piece, after hashing its files; polars once has the frame in memory, which is not
timed, and once streams the same Parquet file. Each contender has a process of its own, of which the CPU seconds of the
best round and the largest resident set are shown. With ``--peers`` so do Pandera (on polars) and Great Expectations (on
pandas), frames in memory, in environments of their own; that needs the network once.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from measured import table
from serving_peers import NotInstalledError, environment
from sluiceway.adapters.delta_tables import DeltaTables
from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.declare.column_rules import column
from sluiceway.declare.expectation import Expectation
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.validate.rules import declared_rules, measure
from sluiceway.validate.source_table import SourceTable

STATUS = ("new", "paid", "sent", "done")
COUNTRY = ("DE", "FR", "US", "GB", "IN", "JP")
EMAIL = "[a-z0-9]+@[a-z]+\\.com"
PRESENT = ("id", "age", "price", "qty", "status", "country", "email")
HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "bench-data" / "validation"
AIMED_ROWS, AIMED_RATIO, AIMED_MIB = 10_000_000, 1.3, 2048
PEERS = {
    "pandera": "Pandera, polars frame in memory",
    "great_expectations": "Great Expectations, pandas frame in memory",
}
NAMES = {
    "frame": "polars alone, frame in memory",
    "stream": "polars alone, streaming the Parquet file",
    "stage3": "stage 3's rules, over the stored table",
    **PEERS,
}
Broken = list[int]


def orders(rows: int) -> pl.DataFrame:
    """Make orders that keep every rule."""
    rng = np.random.default_rng(1)
    number = rng.permutation(rows)
    return pl.DataFrame(
        {
            "id": number,
            "age": rng.integers(18, 90, rows),
            "price": rng.random(rows) * 9000,
            "qty": rng.integers(1, 11, rows),
            "status": np.array(STATUS)[rng.integers(0, 4, rows)],
            "country": np.array(COUNTRY)[rng.integers(0, 6, rows)],
            "score": rng.random(rows),
        }
    ).with_columns(
        (pl.col("id").cast(pl.String) + "@mail.com").alias("email"),
        pl.when(pl.col("score") >= 0.02).then("score").alias("score"),
    )


def expectations(rows: int) -> list[Expectation]:
    """Declare the 20 checks."""
    return [
        *(column(name).not_null() for name in PRESENT),
        column("id").unique(),
        column("id").between(0, rows),
        column("age").between(0, 120),
        column("price").between(0, 10_000),
        column("qty").between(1, 10),
        column("qty").one_of(*range(1, 11)),
        column("status").one_of(*STATUS),
        column("country").one_of(*COUNTRY),
        column("country").matches(".{2}"),
        column("email").matches(EMAIL),
        column("email").matches(".{5,60}"),
        column("score").between(0, 1),
        column("status").matches(".{3,5}"),
    ]


def by_polars(rows: pl.LazyFrame, height: int, engine: str) -> Broken:
    """Count the same broken rows without Sluiceway."""

    def outside(name: str, low: float, high: float) -> pl.Expr:
        return (~pl.col(name).is_between(low, high)).sum().alias(f"{name} between {low}")

    def other(name: str, values: tuple[object, ...]) -> pl.Expr:
        return (~pl.col(name).is_in(values)).sum().alias(f"{name} in")

    def unlike(name: str, pattern: str) -> pl.Expr:
        return (~pl.col(name).str.contains(f"^{pattern}$")).sum().alias(f"{name} {pattern}")

    sums = [pl.col(name).null_count().alias(f"{name} null") for name in PRESENT]
    sums += [(pl.len() - pl.col("id").n_unique()).alias("id unique")]
    sums += [outside("id", 0, height), outside("age", 0, 120), outside("price", 0, 10_000), outside("qty", 1, 10)]
    sums += [other("qty", tuple(range(1, 11))), other("status", STATUS), other("country", COUNTRY)]
    sums += [unlike("country", ".{2}"), unlike("email", EMAIL), unlike("email", ".{5,60}"), unlike("status", ".{3,5}")]
    sums += [outside("score", 0, 1)]
    return list(rows.select(sums).collect(engine=engine).row(0))  # type: ignore[call-overload]  # its name as a text


def prepare(rows: int) -> None:
    """Write the orders once, as a Parquet file and as a stored table."""
    folder = DATA / str(rows)
    if (folder / "ref.json").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    frame = orders(rows)
    ref = DeltaTables(folder / "tables").write("sources/orders", frame.to_arrow())
    frame.write_parquet(folder / "orders.parquet")
    (folder / "ref.json").write_bytes(encode(ref))


def contender(name: str, rows: int) -> Callable[[], Broken]:
    """Make what is timed; what is held in memory before is held when this returns."""
    folder = DATA / str(rows)
    parquet = folder / "orders.parquet"
    if name == "stream":
        return lambda: by_polars(pl.scan_parquet(parquet), rows, "streaming")
    if name == "frame":
        frame = pl.read_parquet(parquet)
        return lambda: by_polars(frame.lazy(), rows, "in-memory")
    ref = decode(TableRef, (folder / "ref.json").read_bytes())
    source = Source("orders", files("orders.parquet"), expectations=expectations(rows))
    tables = DeltaTables(folder / "tables")

    def by_stage3() -> Broken:
        stored = SourceTable(source, ref, tables.scan(ref), height=rows)
        return [check.broken for check in measure(stored, declared_rules(stored, {}))]

    return by_stage3


def one(name: str, rows: int, repeats: int) -> None:
    """Time one contender in this process, and print its figures as JSON."""
    work, spent, wall = contender(name, rows), [], []
    for _ in range(repeats):
        cpu, began = time.process_time(), time.perf_counter()
        broken = work()
        spent.append(time.process_time() - cpu)
        wall.append(time.perf_counter() - began)
        if len(broken) != 20 or any(broken):
            raise SystemExit(f"{name}: 20 checks without a fault were expected, got {broken}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(json.dumps({"cpu_s": min(spent), "wall_s": min(wall), "peak_mib": peak}))


def measured_alone(name: str, rows: int, repeats: int) -> dict[str, float] | str:
    """Run one contender in a process of its own, or say why it gave no figures."""
    command = [sys.executable, __file__, "--one", name, "--rows", str(rows), "--repeats", str(repeats)]
    if name in PEERS:
        try:
            python = environment(name) / "bin" / "python"
        except NotInstalledError as error:
            return str(error)
        parquet = DATA / str(rows) / "orders.parquet"
        command = [str(python), str(HERE / "validation_peers.py"), name, str(parquet), str(rows), str(repeats)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1][:100]
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=AIMED_ROWS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--one", choices=[*NAMES, "prepare"])
    given = parser.parse_args()
    if given.one == "prepare":
        prepare(given.rows)
        return
    if given.one:
        one(given.one, given.rows, given.repeats)
        return
    subprocess.run([sys.executable, __file__, "--one", "prepare", "--rows", str(given.rows)], check=True)
    found = {
        name: measured_alone(name, given.rows, given.repeats) for name in NAMES if given.peers or name not in PEERS
    }
    floor = found["frame"]
    rows = []
    for name, figures in found.items():
        if isinstance(figures, str) or isinstance(floor, str):
            rows.append((NAMES[name], figures, "", "", ""))
            continue
        cpu, wall, peak = (figures[key] for key in ("cpu_s", "wall_s", "peak_mib"))
        rows.append((NAMES[name], f"{cpu:.2f}", f"{wall:.2f}", f"{peak:,.0f}", f"{cpu / floor['cpu_s']:.2f}"))
    print(table((f"20 checks, {given.rows:,} rows", "CPU s", "wall s", "peak MiB", "ratio"), rows))
    print(f"\nAimed at: {AIMED_RATIO} times polars alone and {AIMED_MIB:,} MiB at {AIMED_ROWS:,} rows.")


if __name__ == "__main__":
    main()
