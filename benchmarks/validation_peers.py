"""The 20 checks of ``validation.py`` by other validators, run by their own environments' Python.

python validation_peers.py pandera|great_expectations ORDERS.parquet ROWS REPEATS
"""

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable

STATUS = ["new", "paid", "sent", "done"]
COUNTRY = ["DE", "FR", "US", "GB", "IN", "JP"]
EMAIL = r"^[a-z0-9]+@[a-z]+\.com$"
PRESENT = ("id", "age", "price", "qty", "status", "country", "email")
RANGES = {"age": (0, 120), "price": (0, 10_000), "qty": (1, 10), "score": (0, 1)}
SETS = {"qty": list(range(1, 11)), "status": STATUS, "country": COUNTRY}
LENGTHS = {"country": (2, 2), "email": (5, 60), "status": (3, 5)}


def pandera(path: str, rows: int) -> Callable[[], int]:
    """Declare a schema over a polars frame; every column's failures are gathered."""
    import pandera.polars as pa
    import polars as pl

    frame, columns = pl.read_parquet(path), {}
    for name, kind in frame.schema.items():
        checks = [pa.Check.in_range(*RANGES[name])] if name in RANGES else []
        checks += [pa.Check.in_range(0, rows)] if name == "id" else []
        checks += [pa.Check.isin(SETS[name])] if name in SETS else []
        checks += [pa.Check.str_length(*LENGTHS[name])] if name in LENGTHS else []
        checks += [pa.Check.str_matches(EMAIL)] if name == "email" else []
        columns[name] = pa.Column(kind, checks=checks, nullable=name not in PRESENT, unique=name == "id")
    schema = pa.DataFrameSchema(columns)

    def work() -> int:
        schema.validate(frame, lazy=True)
        return 0

    return work


def great_expectations(path: str, rows: int) -> Callable[[], int]:
    """Declare a suite over a pandas frame; failures are counted."""
    import great_expectations as gx
    import pandas as pd

    e = gx.expectations
    frame = pd.read_parquet(path)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("source").add_dataframe_asset("orders")
    batch = asset.add_batch_definition_whole_dataframe("whole")
    made = [e.ExpectColumnValuesToNotBeNull(column=name) for name in PRESENT]
    made += [e.ExpectColumnValuesToBeUnique(column="id")]
    made += [
        e.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)
        for name, (low, high) in {"id": (0, rows), **RANGES}.items()
    ]
    made += [e.ExpectColumnValuesToBeInSet(column=name, value_set=values) for name, values in SETS.items()]
    made += [
        e.ExpectColumnValueLengthsToBeBetween(column=name, min_value=low, max_value=high)
        for name, (low, high) in LENGTHS.items()
    ]
    made += [e.ExpectColumnValuesToMatchRegex(column="email", regex=EMAIL)]
    suite = gx.ExpectationSuite(name="orders", expectations=made)

    def work() -> int:
        found = batch.get_batch(batch_parameters={"dataframe": frame}).validate(suite, result_format="BASIC")
        return sum(not each.success for each in found.results)

    return work


def main() -> None:
    warnings.filterwarnings("ignore")
    name, path, rows, repeats = sys.argv[1:]
    work, spent, wall = globals()[name](path, int(rows)), [], []
    for _ in range(int(repeats)):
        cpu, began = time.process_time(), time.perf_counter()
        failed = work()
        spent.append(time.process_time() - cpu)
        wall.append(time.perf_counter() - began)
        if failed:
            raise SystemExit(f"{failed} checks failed where none should")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(json.dumps({"cpu_s": min(spent), "wall_s": min(wall), "peak_mib": peak}))


if __name__ == "__main__":
    main()
