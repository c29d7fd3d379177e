"""Lists of numbers: the newest embedding of an entity as of each prediction, ours against raw DuckDB and NumPy.

    python benchmarks/number_lists.py [--rows 200000] [--size 64]

As many facts as predictions, a quarter as many entities, float32 embeddings in a list column of a table in memory; each
contender ends with one column a number. DuckDB joins by ASOF and indexes the list. The floor is NumPy's: the rows that
the join would find are known beforehand, gathered, and copied into columns. Ours is stage 4's: also from the same lists
as JSON text, which is how CSV holds them. CPU seconds are the best of three; every value of the contenders is compared.
Writing and hashing are of the table with its content id, in memory, against writing the same as Parquet by Arrow.
"""

import argparse
import io
import json
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.features.point_in_time import Facts, features_at, features_now

TIMES, BEGIN, SECOND = 3, 1_700_000_000_000_000, 1_000_000
TIME = pa.timestamp("us", "UTC")


def cpu_s(work: Callable[[], object]) -> tuple[float, object]:
    spent = []
    for _ in range(TIMES):
        begun = time.process_time()
        made = work()
        spent.append(time.process_time() - begun)
    return min(spent), made


def facts_of(table: pa.Table) -> Facts:
    tables = MemoryTables()
    dataset = DatasetVersion((), (tables.write("sources/items", table),), RestoreReport(0.0, 0, 0, 0, ()))
    return Facts(dataset, tables, DuckdbEngine(threads=2), BEGIN + table.num_rows * SECOND)


def matrix(table: pa.Table) -> np.ndarray:
    ordered = table.sort_by("_row").drop_columns("_row")
    return np.column_stack([column.to_numpy() for column in ordered.columns]).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--size", type=int, default=64)
    rows, size = (parsed := parser.parse_args()).rows, parsed.size
    vectors = np.random.default_rng(0).normal(size=(rows, size)).astype(np.float32)
    item = np.arange(rows) * 7919 % (rows // 4)
    times = pa.array(BEGIN + np.arange(rows) * SECOND, TIME)
    plain = {"item": pa.array(item), "_event_time": times, "_known_time": times}
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), size)
    texts = pa.array([json.dumps(each) for each in vectors.tolist()])
    spine = pa.table({
        "_row": pa.array(np.arange(rows)), "_at": pa.array(BEGIN + np.arange(rows) * SECOND + SECOND // 2, TIME),
        "item": pa.array(item),
    })  # fmt: skip
    source = sw.Source("items", sql="unused", event_time="t", known_time="t")
    view = sw.FeatureView("items", "item", source, [sw.latest("embedding", size=size)])
    native, text = (facts_of(pa.table({**plain, "embedding": column})) for column in (lists, texts))

    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    connection.register("spine", spine)
    connection.register("facts", pa.table({**plain, "embedding": lists}))
    numbers = ", ".join(f"embedding[{place}] AS e{place}" for place in range(1, size + 1))
    joined = f"SELECT _row, {numbers} FROM spine ASOF JOIN facts ON spine.item = facts.item AND _at >= _known_time"
    held = native.tables.read(native.dataset.table("items"))
    contenders: dict[str, Callable[[], pa.Table]] = {
        "NumPy, rows known beforehand": lambda: pa.table(
            {
                "_row": spine["_row"],
                **{f"e{place}": each.copy() for place, each in enumerate(vectors[np.arange(rows)].T)},
            }
        ),
        "DuckDB, ASOF and indexing": lambda: connection.sql(joined).to_arrow_table(),
        "ours, lists": lambda: features_at(native, view, spine),
        "ours, JSON text": lambda: features_at(text, view, spine),
    }
    found = {name: cpu_s(work) for name, work in contenders.items()}
    unit = found["DuckDB, ASOF and indexing"][0]
    print(f"| newest of {rows:,} x {size}, as of {rows:,} predictions | CPU s | times DuckDB | values that differ |")
    print("| --- | --- | --- | --- |")
    for name, (spent, made) in found.items():
        print(f"| {name} | {spent:.2f} | {spent / unit:.2f} | {int((matrix(made) != vectors).sum())} |")
    connection.register("held", held)
    newest = "SELECT item, arg_max(embedding, _known_time) AS e FROM held GROUP BY item"
    whole, _ = cpu_s(
        lambda: connection.sql(f"SELECT item, {numbers.replace('embedding', 'e')} FROM ({newest})").to_arrow_table()
    )
    now = {
        "lists": cpu_s(lambda: features_now(native, view))[0],
        "JSON text": cpu_s(lambda: features_now(text, view))[0],
    }
    print(f"\n| newest of each of {rows // 4:,} entities | CPU s | times DuckDB |\n| --- | --- | --- |")
    print(f"| DuckDB, arg_max and indexing | {whole:.2f} | 1.00 |")
    for name, spent in now.items():
        print(f"| ours, {name} | {spent:.2f} | {spent / whole:.2f} |")
    raw, _ = cpu_s(lambda: pq.write_table(pa.table({**plain, "embedding": lists}), io.BytesIO()))
    kept = {name: cpu_s(lambda column=column: facts_of(pa.table({**plain, "embedding": column})))[0]
            for name, column in (("lists", lists), ("JSON text", texts))}  # fmt: skip
    print(f"\n| a table of {rows:,} x {size}, its content id | CPU s | times Arrow's Parquet |\n| --- | --- | --- |")
    print(f"| Arrow, written as Parquet | {raw:.2f} | 1.00 |")
    for name, spent in kept.items():
        print(f"| ours, {name} | {spent:.2f} | {spent / raw:.2f} |")


if __name__ == "__main__":
    main()
