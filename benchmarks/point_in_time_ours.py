"""Ours in the point-in-time benchmarks: stage 4's own functions over Parquet, held, or laid out by entity."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import sluiceway as sw
from point_in_time_inputs import COLUMNS, START, TTL_DAYS, spine_of
from sluiceway.adapters.derived_folder import DerivedFolder
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.features.large_sources import LargeSources
from sluiceway.features.point_in_time import Facts, features_at

LATEST = {
    name: sw.FeatureView(
        name,
        entity="id",
        source=sw.Source(name, sql="unused", event_time="t"),
        ttl=f"{TTL_DAYS[name]}d",
        features=[sw.latest(column) for column in columns],
    )
    for name, columns in COLUMNS.items()
}
WINDOWS = {
    "first": sw.FeatureView(
        "first",
        entity="id",
        source=sw.Source("first", sql="unused", event_time="t"),
        every="5m",
        features=[sw.mean("a0", over="24h"), sw.count(over="24h"), sw.max("a1", over="24h")],
    )
}


class Parquet:
    """The benchmark's files as a table store: both times of a fact are the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def scan(self, ref: TableRef) -> pl.LazyFrame:
        facts = pl.scan_parquet(self.folder / f"{ref.source}.parquet")
        return facts.with_columns(_event_time="at", _known_time="at").drop("at")

    def read(self, ref: TableRef, columns: Sequence[str]) -> pa.Table:
        names = [name for name in columns if not name.startswith("_")]
        facts = pq.read_table(self.folder / f"{ref.source}.parquet", columns=[*names, "at"])
        times = facts.column("at")
        return facts.drop_columns(["at"]).append_column("_event_time", times).append_column("_known_time", times)


def facts_over(folder: Path, large: LargeSources) -> Facts:
    refs = []
    for place, (name, columns) in enumerate(COLUMNS.items()):
        rows = pq.read_metadata(folder / f"{name}.parquet").num_rows
        kinds = (Column("id", "integer"), *(Column(column, "number") for column in columns))
        refs.append(TableRef(f"sources/{name}", str(place) * 64, rows, kinds))
    dataset = DatasetVersion((), tuple(refs), RestoreReport(0.0, 0, 0, 0, ()))
    return Facts(dataset, Parquet(folder), DuckdbEngine(threads=2), 2 * START, large=large)


def computing(folder: Path, views: dict[str, sw.FeatureView], derived: Path | None) -> Callable[[], pa.Table]:
    """Prepare to compute views for every prediction: over sources as they are, or laid out below ``derived``."""
    spine = spine_of(folder)
    asked = spine.rename_columns(["_row", "id", "_at"])

    def compute() -> pa.Table:
        large = LargeSources() if derived is None else LargeSources(DerivedFolder(derived), from_rows=0)
        facts = facts_over(folder, large)
        made = [pl.DataFrame(pl.from_arrow(features_at(facts, view, asked))) for view in views.values()]
        ordered = [one if one.get_column("_row").is_sorted() else one.sort("_row") for one in made]
        joined = pl.concat(
            [pl.DataFrame(pl.from_arrow(spine)), *(one.drop("_row") for one in ordered)], how="horizontal"
        )
        return joined.to_arrow()

    return compute


if __name__ == "__main__":
    sys.exit("run point_in_time.py or windows.py")
