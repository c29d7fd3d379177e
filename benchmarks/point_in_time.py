"""Point-in-time join of latest features: ours against DuckDB's ASOF JOIN, Polars' join_asof and Feast.

    python benchmarks/point_in_time.py [--size S|M|L] [--peers PYTHON-WITH-FEAST]

N predictions (2 % of entities unknown) meet two tables of facts, one of 10 floats with ttl 2 days and one of 5 with
ttl 7 days: S is 10 k x (100 k + 10 k), M ten times that, L 1 M x (10 M + 1 M). All begin with Parquet in the order of
time on disk and end with an Arrow table in memory; each contender runs in a process of its own. ``ours`` holds the
sources, as stage 4 does with those below its limit; ``ours, laid out`` reads them as stage 4 lays large sources out,
whose bytes it hashes first, and ``laying out`` is what that takes once, with the join. CPU seconds are the best of
three, of one for what is slow; memory is the process's own peak. Every value is compared with DuckDB's. Ours also
rounds to float32, resolves ties and late facts.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

import pyarrow as pa
import pyarrow.parquet as pq

from point_in_time_inputs import COLUMNS, SIZES, TTL_DAYS, make, spine_of

NAMES = [column for columns in COLUMNS.values() for column in columns]
MOST_S, MOST_GIB = 300, 16
TIMES = 3


def duckdb_asof(folder: Path) -> Callable[[], pa.Table]:
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    connection.register("e", spine_of(folder))
    chosen = [
        f"CASE WHEN {name}.at >= e.at - INTERVAL {TTL_DAYS[name]} DAY THEN {name}.{column} END AS {column}"
        for name, columns in COLUMNS.items()
        for column in columns
    ]
    joins = " ".join(
        f"ASOF LEFT JOIN '{folder}/{name}.parquet' {name} ON e.id = {name}.id AND e.at >= {name}.at" for name in COLUMNS
    )
    return lambda: connection.sql(f"SELECT e._row, {', '.join(chosen)} FROM e {joins}").to_arrow_table()


def polars_asof(folder: Path) -> Callable[[], pa.Table]:
    import polars as pl

    spine = pl.from_arrow(spine_of(folder))

    def compute() -> pa.Table:
        joined = spine.lazy().sort("at")
        for name in COLUMNS:
            facts = pl.scan_parquet(folder / f"{name}.parquet").sort("at")
            joined = joined.join_asof(facts, on="at", by="id", tolerance=f"{TTL_DAYS[name]}d", check_sortedness=False)
        return joined.collect().to_arrow()

    return compute


def ours(folder: Path, derived: Path | None = None) -> Callable[[], pa.Table]:
    from point_in_time_ours import LATEST, computing

    return computing(folder, LATEST, derived)


def laying_out(folder: Path) -> Callable[[], pa.Table]:
    import shutil

    def compute() -> pa.Table:
        shutil.rmtree(folder / "derived", ignore_errors=True)
        return ours(folder, folder / "derived")()

    return compute


def feast(store: str) -> Callable[[Path], Callable[[], pa.Table]]:
    def prepared(folder: Path) -> Callable[[], pa.Table]:
        from point_in_time_feast import feast as prepare

        return prepare(folder, store)

    return prepared


CONTENDERS: dict[str, Callable[[Path], Callable[[], pa.Table]]] = {
    "duckdb_asof": duckdb_asof,
    "polars_asof": polars_asof,
    "ours": ours,
    "laying out": laying_out,
    "ours, laid out": lambda folder: ours(folder, folder / "derived"),
}
PEERS = {"feast, duckdb": feast("duckdb"), "feast, dask": feast("dask")}


def measure(name: str, folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_GIB << 30, MOST_GIB << 30))
    compute = (CONTENDERS | PEERS)[name](folder)
    spent, walls = [], []
    for _ in range(1 if name == "laying out" or name in PEERS else TIMES):
        begun, wall = time.process_time(), time.perf_counter()
        result = compute()
        spent.append(time.process_time() - begun)
        walls.append(time.perf_counter() - wall)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    names = [next(have for have in result.column_names if have.endswith(wanted)) for wanted in NAMES]
    pq.write_table(result.select(["_row", *names]).rename_columns(["_row", *NAMES]), folder / f"made-{name}.parquet")
    print(json.dumps({"cpu_s": min(spent), "wall_s": min(walls), "peak_mib": int(peak.split()[1]) / 1024}))


def differences(name: str, folder: Path) -> str:
    """Say how many rows of DuckDB's are missing, and how many values differ in those that are there."""
    import polars as pl

    wanted, got = (pl.read_parquet(folder / f"made-{each}.parquet") for each in ("duckdb_asof", name))
    got = got.with_columns(pl.col(NAMES).cast(pl.Float64).fill_nan(None)).unique("_row")
    both = wanted.join(got, on="_row", suffix="_got")
    unequal = both.select(pl.sum_horizontal((pl.col(c).ne_missing(pl.col(f"{c}_got"))).sum() for c in NAMES)).item()
    return f"{len(wanted) - len(both):,} rows missing, {unequal:,} values differ"


def main() -> None:
    from measured import table

    size = sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "M"
    folder = Path(gettempdir()) / f"sluiceway-point-in-time-{size}"
    if not (folder / "spine.parquet").exists():
        make(folder, size)
    python = dict.fromkeys(CONTENDERS, sys.executable)
    if "--peers" in sys.argv:
        python |= dict.fromkeys(PEERS, sys.argv[sys.argv.index("--peers") + 1])
    rows: list[list[object]] = []
    floor: dict[str, float] = {}
    for name, interpreter in python.items():
        command = [interpreter, __file__, "--one", name, str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=MOST_S)
        except subprocess.TimeoutExpired:
            rows.append([name, *[""] * 5, f"killed after {MOST_S} s"])
            continue
        except subprocess.CalledProcessError as error:
            rows.append(
                [name, *[""] * 5, f"failed, given {MOST_GIB} GiB: {error.stderr.strip().splitlines()[-1][:80]}"]
            )
            continue
        result = json.loads(done.stdout.splitlines()[-1])
        floor = floor or result
        shares = [f"{result[what] / floor[what]:.2f}" for what in ("cpu_s", "peak_mib")]
        cpu, peak = f"{result['cpu_s']:.2f}", f"{result['peak_mib']:.0f}"
        rows.append([name, cpu, shares[0], f"{result['wall_s']:.2f}", peak, shares[1], differences(name, folder)])
    counts = " x ".join(f"{count:,}" for count in SIZES[size][:1]) + f" x ({SIZES[size][1]:,} + {SIZES[size][2]:,})"
    print(table([f"{size}: {counts}", "CPU s", "ratio", "wall s", "peak MiB", "ratio", "beside DuckDB's"], rows))


if __name__ == "__main__":
    if "--one" in sys.argv:
        measure(sys.argv[sys.argv.index("--one") + 1], Path(sys.argv[-1]))
    else:
        main()
