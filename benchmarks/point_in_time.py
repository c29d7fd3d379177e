"""Point-in-time join of latest features: ours against DuckDB's ASOF JOIN and Polars' join_asof.

    python benchmarks/point_in_time.py [--large]

N predictions (2 % of entities unknown) meet two tables of facts, one of 10 floats with ttl 2 days and one of 5 with
ttl 7 days: 200 k x (2 M + 200 k), or with --large 1 M x (10 M + 1 M). All begin with Arrow tables in memory and end
with one; each contender runs in a process of its own. CPU seconds are the best of three, memory is what the process
grew by beyond its inputs. Every result must equal DuckDB's. Ours also rounds to float32, resolves ties and late facts.
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa

import sluiceway as sw
from measured import table

SIZES = {"usual": (200_000, 2_000_000, 200_000), "large": (1_000_000, 10_000_000, 1_000_000)}
FIRST, SECOND = [f"a{number}" for number in range(10)], [f"b{number}" for number in range(5)]
DAY = 86_400_000_000
SPAN = 60 * DAY
START = 1_750_000_000_000_000
TIME = pa.timestamp("us", "UTC")


def inputs(size: str) -> tuple[pa.Table, pa.Table, pa.Table]:
    spine_rows, first_rows, second_rows = SIZES[size]
    draw, ids = np.random.default_rng(7), first_rows // 100

    def moments(count: int) -> pa.Array:
        return pa.array(draw.integers(0, SPAN, count) + START).cast(TIME)

    def facts(count: int, names: list[str]) -> pa.Table:
        times = pa.array(np.sort(draw.integers(0, SPAN, count)) + START).cast(TIME)
        columns = {"id": pa.array(draw.integers(0, ids, count)), "_event_time": times, "_known_time": times}
        values = {name: draw.standard_normal(count).astype(np.float32).astype(float) for name in names}
        return pa.table(
            columns | {name: pa.array(value, mask=draw.random(count) < 0.01) for name, value in values.items()}
        )

    spine = {"id": pa.array(draw.integers(0, int(ids * 1.02), spine_rows)), "_at": moments(spine_rows)}
    row = pa.array(np.arange(spine_rows))
    return pa.table({"_row": row, **spine}), facts(first_rows, FIRST), facts(second_rows, SECOND)


def ours(spine: pa.Table, first: pa.Table, second: pa.Table) -> pa.Table:
    from sluiceway.adapters.duckdb_engine import DuckdbEngine
    from sluiceway.adapters.memory_tables import MemoryTables
    from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
    from sluiceway.artifacts.table_ref import Column, TableRef
    from sluiceway.features.point_in_time import Facts, features_at

    class Given(MemoryTables):
        def read(self, ref: TableRef, columns: list[str] | None = None) -> pa.Table:
            return {"sources/first": first, "sources/second": second}[ref.name].select(columns)

    def ref(name: str, columns: list[str]) -> TableRef:
        kinds = (Column("id", "integer"), *(Column(column, "number") for column in columns))
        return TableRef(f"sources/{name}", name, 0, kinds)

    dataset = DatasetVersion((), (ref("first", FIRST), ref("second", SECOND)), RestoreReport(0.0, 0, 0, 0, ()))
    facts = Facts(dataset, Given(), DuckdbEngine(), START + 2 * SPAN)
    made = []
    for name, columns, ttl in (("first", FIRST, "2d"), ("second", SECOND, "7d")):
        source = sw.Source(name, sql="unused", event_time="t")
        features = [sw.latest(column) for column in columns]
        made.append(
            features_at(facts, sw.FeatureView(name, entity="id", source=source, ttl=ttl, features=features), spine)
        )
    return facts.ask(
        "SELECT * EXCLUDE (_row) FROM spine JOIN one USING (_row) JOIN two USING (_row)",
        spine=spine,
        one=made[0],
        two=made[1],
    )


def duckdb_asof(spine: pa.Table, first: pa.Table, second: pa.Table) -> pa.Table:
    import duckdb

    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        for name, given in (("e", spine), ("f", first), ("g", second)):
            connection.register(name, given)
        chosen = [
            f"CASE WHEN {facts}._known_time >= e._at - INTERVAL {days} DAY THEN {facts}.{name} END AS {name}"
            for facts, names, days in (("f", FIRST, 2), ("g", SECOND, 7))
            for name in names
        ]
        joins = " ".join(
            f"ASOF LEFT JOIN {facts} ON e.id = {facts}.id AND e._at >= {facts}._known_time" for facts in ("f", "g")
        )
        return connection.sql(f"SELECT e.id, e._at, {', '.join(chosen)} FROM e {joins}").to_arrow_table()


def polars_asof(spine: pa.Table, first: pa.Table, second: pa.Table) -> pa.Table:
    import polars as pl

    joined = pl.from_arrow(spine).lazy().drop("_row").sort("_at")
    for given, days in ((first, 2), (second, 7)):
        facts = pl.from_arrow(given).lazy().drop("_event_time")
        joined = joined.join_asof(
            facts,
            left_on="_at",
            right_on="_known_time",
            by="id",
            strategy="backward",
            tolerance=f"{days}d",
            coalesce=True,
        )
    return joined.collect().to_arrow()


CONTENDERS = {"duckdb_asof": duckdb_asof, "polars_asof": polars_asof, "ours": ours}


def checksum(result: pa.Table) -> list[float]:
    """Tell results apart: for each feature, how many values, their sum, and their sum weighted by the entity."""
    ids = result.column("id").to_numpy().astype(float)
    prefixed = {"first__latest_" + name for name in FIRST} | {"second__latest_" + name for name in SECOND}
    names = [name for name in result.column_names if name in {*prefixed, *FIRST, *SECOND}]
    found = []
    for name in names:
        values = result.column(name).to_numpy(zero_copy_only=False).astype(float)
        there = ~np.isnan(values)
        found += [int(there.sum()), round(float(values[there].sum()), 3), round(float((values * ids)[there].sum()), -1)]
    return found


def measure(name: str, size: str) -> None:
    tables = inputs(size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent, walls = [], []
    for _ in range(3):
        begun, wall = time.process_time(), time.perf_counter()
        result = CONTENDERS[name](*tables)
        spent.append(time.process_time() - begun)
        walls.append(time.perf_counter() - wall)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    report = {"cpu_s": min(spent), "wall_s": min(walls), "grown_mib": grown, "rows": result.num_rows}
    print(json.dumps(report | {"checksum": checksum(result)}))


def main() -> None:
    size = "large" if "--large" in sys.argv else "usual"
    results = {}
    for name in CONTENDERS:
        command = [sys.executable, __file__, "--one", name, *(["--large"] if size == "large" else [])]
        results[name] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    floor = results["duckdb_asof"]
    rows = []
    for name, result in results.items():
        equal = np.allclose(result["checksum"], floor["checksum"], rtol=1e-9, atol=1e-2)
        if not equal:
            raise SystemExit(f"{name} gives other features than duckdb_asof")
        cpu, grown = (f"{result[what] / floor[what]:.2f}" for what in ("cpu_s", "grown_mib"))
        rows.append(
            [name, f"{result['cpu_s']:.2f}", cpu, f"{result['wall_s']:.2f}", f"{result['grown_mib']:.0f}", grown]
        )
    print(table(["contender", "CPU s", "ratio", "wall s", "grown by MiB", "ratio"], rows))


if __name__ == "__main__":
    if "--one" in sys.argv:
        measure(sys.argv[sys.argv.index("--one") + 1], "large" if "--large" in sys.argv else "usual")
    else:
        main()
