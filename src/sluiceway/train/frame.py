"""Frame: the feature table as scikit-learn takes it, in order of prediction time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sluiceway.artifacts.feature_set import AT, LABEL, LABEL_KNOWN, FeatureColumn, FeatureSet
from sluiceway.plans.model_inputs import feeds
from sluiceway.ports.table_store import TableStore

MISSING = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """Labelled rows. ``x`` holds the model's columns, ``y`` 0 or 1, ``keys`` the label's key; all of one length.

    Numbers are float32 with NaN for missing, texts strings with the empty text for missing: exactly what the exported
    model takes. ``at`` (prediction) and ``known`` (label) are microseconds since the epoch, UTC.
    """

    columns: tuple[FeatureColumn, ...]
    x: pl.DataFrame
    y: NDArray[np.int64]
    at: NDArray[np.int64]
    known: NDArray[np.int64]
    keys: pl.DataFrame

    def __len__(self) -> int:
        return self.y.size

    @property
    def positives(self) -> int:
        """How many rows came true."""
        return int(self.y.sum())

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Frame":
        """Keep the rows of a mask, or those at places in ascending order."""
        places = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        return Frame(
            self.columns, self.x[places], self.y[places], self.at[places], self.known[places], self.keys[places]
        )

    def feeds(self) -> dict[str, NDArray[Any]]:
        """Shape the columns as an exported model's inputs."""
        return feeds(self.columns, {column.name: self.x[column.name].to_numpy() for column in self.columns})


def load_frame(features: FeatureSet, tables: TableStore) -> Frame:
    """Read a feature set, sorted by prediction time, then by everything else, so that storage order never matters.

    Raises:
        UnknownTableError: the table is not there.
    """
    names = [column.name for column in features.columns]
    wanted = list(dict.fromkeys([AT, *features.key, LABEL_KNOWN, LABEL, *names]))
    table = pl.DataFrame(tables.read(features.table, wanted)).sort(wanted)
    return Frame(
        columns=features.columns,
        x=table.select(_inputs(features.columns)),
        # int64, as classes of any other width make exports of some estimators that do not run
        y=table[LABEL].cast(pl.Int64).to_numpy(),
        at=table[AT].cast(pl.Datetime("us", "UTC")).cast(pl.Int64).to_numpy(),
        known=table[LABEL_KNOWN].cast(pl.Datetime("us", "UTC")).cast(pl.Int64).to_numpy(),
        keys=table.select(features.key),
    )


def _inputs(columns: tuple[FeatureColumn, ...]) -> Iterator[pl.Expr]:
    for column in columns:
        if column.type == "text":
            yield pl.col(column.name).cast(pl.String).fill_null(MISSING)
        else:
            yield pl.col(column.name).cast(pl.Float32).fill_null(float("nan"))
