"""Features over windows, as known at each prediction: ours against the same written by hand in DuckDB.

    python benchmarks/windows.py [--size S|M|L] [--facts-an-id 100]

The predictions and the first table of facts of ``point_in_time.py``: mean of one column, count and maximum of another
over the 24 hours that end with the prediction's 5 minutes. By hand, that is one join by entity and time, and a group a
prediction. All begin with Parquet on disk and end with an Arrow table; memory is a process's own peak, CPU seconds are
the best of three. Every value is compared: ours are rounded to float32, so DuckDB's are, too. An entity unknown before
a window ended has a count of 0 by hand and none by ours; it is told apart by hand with a further aggregate. With 100
facts an id over 60 days, a window holds fewer than two; by hand, work grows with what the windows hold together.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

import pyarrow as pa
import pyarrow.parquet as pq

from point_in_time_inputs import SIZES, make, spine_of

NAMES = ["mean", "count", "max"]
MOST_S, TIMES = 300, 3
BY_HAND = """
WITH asked AS (SELECT _row, id, epoch_us("at") // 300000000 * 300000000 AS ended FROM spine),
     facts AS (SELECT id, epoch_us("at") AS known, a0, a1 FROM '{facts}'),
     begun AS (SELECT id, min(known) AS first FROM facts GROUP BY id),
     found AS (SELECT _row, avg(a0) AS mean, count(*) AS count, max(a1) AS max FROM asked JOIN facts
               ON asked.id = facts.id AND known < ended AND known >= ended - 86400000000 GROUP BY _row)
SELECT _row, CAST(mean AS FLOAT) AS mean, CASE WHEN first < ended THEN coalesce(count, 0) END AS count, max
FROM asked LEFT JOIN begun USING (id) LEFT JOIN found USING (_row)
"""


def by_hand(folder: Path) -> Callable[[], pa.Table]:
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    connection.register("spine", spine_of(folder))
    return lambda: connection.sql(BY_HAND.format(facts=folder / "first.parquet")).to_arrow_table()


def ours(folder: Path, derived: Path | None = None) -> Callable[[], pa.Table]:
    from point_in_time_ours import WINDOWS, computing

    return computing(folder, WINDOWS, derived)


CONTENDERS: dict[str, Callable[[Path], Callable[[], pa.Table]]] = {
    "DuckDB, by hand": by_hand,
    "ours": ours,
    "ours, laid out": lambda folder: ours(folder, folder / "derived"),
}


def measure(name: str, folder: Path) -> None:
    compute = CONTENDERS[name](folder)
    if name == "ours, laid out":
        compute()  # lays out
    spent, walls = [], []
    for _ in range(TIMES):
        begun, wall = time.process_time(), time.perf_counter()
        result = compute()
        spent.append(time.process_time() - begun)
        walls.append(time.perf_counter() - wall)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    names = [next(have for have in result.column_names if wanted in have.split("__")[-1]) for wanted in NAMES]
    pq.write_table(result.select(["_row", *names]).rename_columns(["_row", *NAMES]), folder / f"windows-{name}.parquet")
    print(json.dumps({"cpu_s": min(spent), "wall_s": min(walls), "peak_mib": int(peak.split()[1]) / 1024}))


def differences(name: str, folder: Path) -> int:
    import polars as pl

    wanted, got = (
        pl.read_parquet(folder / f"windows-{each}.parquet").sort("_row").select(pl.col(NAMES).cast(pl.Float32))
        for each in ("DuckDB, by hand", name)
    )
    # by hand, a mean is added up in doubles in any order: its last bits are open
    same = pl.all_horizontal(
        ((pl.col(column) - pl.col(f"{column}_got")).abs() <= 1e-6).fill_null(value=False)
        | (pl.col(column).is_null() & pl.col(f"{column}_got").is_null())
        for column in NAMES
    )
    return int(wanted.hstack(got.rename(lambda column: f"{column}_got")).select((~same).sum()).item())


def main() -> None:
    from measured import table

    size = sys.argv[sys.argv.index("--size") + 1] if "--size" in sys.argv else "M"
    each = int(sys.argv[sys.argv.index("--facts-an-id") + 1]) if "--facts-an-id" in sys.argv else 100
    folder = Path(gettempdir()) / f"sluiceway-point-in-time-{size}{'' if each == 100 else f'-{each}'}"
    if not (folder / "spine.parquet").exists():
        make(folder, size, facts_an_id=each)
    rows: list[list[object]] = []
    floor: dict[str, float] = {}
    for name in CONTENDERS:
        command = [sys.executable, __file__, "--one", name, str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=MOST_S)
        except subprocess.TimeoutExpired:
            rows.append([name, *[""] * 5, f"killed after {MOST_S} s"])
            continue
        result = json.loads(done.stdout)
        floor = floor or result
        shares = [f"{result[what] / floor[what]:.2f}" for what in ("cpu_s", "peak_mib")]
        cpu, peak = f"{result['cpu_s']:.2f}", f"{result['peak_mib']:.0f}"
        unequal = differences(name, folder) if (folder / "windows-DuckDB, by hand.parquet").exists() else "unknown"
        rows.append([name, cpu, shares[0], f"{result['wall_s']:.2f}", peak, shares[1], unequal])
    heading = f"{size}: {SIZES[size][0]:,} x {SIZES[size][1]:,}, {each:,} facts an id"
    print(table([heading, "CPU s", "ratio", "wall s", "peak MiB", "ratio", "rows that differ"], rows))


if __name__ == "__main__":
    if "--one" in sys.argv:
        measure(sys.argv[sys.argv.index("--one") + 1], Path(sys.argv[-1]))
    else:
        main()
