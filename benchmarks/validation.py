"""Validation: 20 checks over 8 columns, by stage 3's rules and by the same sums written straight in polars.

    python benchmarks/validation.py [--rows 2000000] [--repeats 3]

Rows lie in memory; timed is frame to 20 measured checks, in CPU seconds of this process, the best of the repeats.
"""

import argparse
import gc
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from measured import table
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.declare.expectation import Expectation, column
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.validate.rules import declared_rules, measure
from sluiceway.validate.source_table import SourceTable

STATUS = ("new", "paid", "sent", "done")
COUNTRY = ("DE", "FR", "US", "GB", "IN", "JP")
EMAIL = "[a-z0-9]+@[a-z]+\\.com"
PRESENT = ("id", "age", "price", "qty", "status", "country", "email")
KINDS = {"id": "integer", "age": "integer", "price": "number", "qty": "integer", "score": "number"}


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


def by_polars(frame: pl.DataFrame) -> list[int]:
    """Count the same broken rows without Sluiceway."""

    def outside(name: str, low: float, high: float) -> pl.Expr:
        return (~pl.col(name).is_between(low, high)).sum().alias(f"{name} between {low}")

    def other(name: str, values: tuple[object, ...]) -> pl.Expr:
        return (~pl.col(name).is_in(values)).sum().alias(f"{name} in")

    def unlike(name: str, pattern: str) -> pl.Expr:
        return (~pl.col(name).str.contains(f"^{pattern}$")).sum().alias(f"{name} {pattern}")

    sums = [pl.col(name).null_count().alias(f"{name} null") for name in PRESENT]
    sums += [(pl.len() - pl.col("id").n_unique()).alias("id unique")]
    sums += [outside("id", 0, frame.height), outside("age", 0, 120), outside("price", 0, 10_000), outside("qty", 1, 10)]
    sums += [other("qty", tuple(range(1, 11))), other("status", STATUS), other("country", COUNTRY)]
    sums += [unlike("country", ".{2}"), unlike("email", EMAIL), unlike("email", ".{5,60}"), unlike("status", ".{3,5}")]
    sums += [outside("score", 0, 1)]
    return list(frame.lazy().select(sums).collect().row(0))


def by_sluiceway(frame: pl.DataFrame) -> list[int]:
    """Measure the 20 checks as stage 3 does."""
    source = Source("orders", files("orders.parquet"), expectations=expectations(frame.height))
    columns = tuple(Column(name, KINDS.get(name, "text")) for name in frame.columns)
    table = SourceTable(source, TableRef("sources/orders", "", frame.height, columns), frame)
    return [check.broken for check in measure(frame, declared_rules(table, {}))]


def cpu_seconds(work: Callable[[pl.DataFrame], list[int]], frame: pl.DataFrame) -> float:
    gc.collect()
    began = time.process_time()
    broken = work(frame)
    spent = time.process_time() - began
    if len(broken) != 20 or any(broken):
        raise SystemExit(f"{work.__name__}: 20 checks without a fault were expected, got {broken}")
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    frame = orders(given.rows)
    pairs = [(cpu_seconds(by_polars, frame), cpu_seconds(by_sluiceway, frame)) for _ in range(given.repeats)]
    raw, ours = (min(side) for side in zip(*pairs, strict=True))
    rows = [("polars alone", f"{raw:.3f}", "1.00"), ("stage 3's rules", f"{ours:.3f}", f"{ours / raw:.2f}")]
    print(table((f"20 checks, {given.rows:,} rows", "CPU s", "ratio"), rows))


if __name__ == "__main__":
    main()
