"""What was logged: the requests of one served version, what came of them, and until when it is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pyarrow as pa

from sluiceway.artifacts.canary_report import SkewEvidence
from sluiceway.artifacts.feature_set import AT, LABEL, LABEL_KNOWN, FeatureColumn
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.observe.readings import AS_OF, logged_name, readings
from sluiceway.observe.rows import Rows, fed
from sluiceway.observe.traffic import Requests
from sluiceway.plans.request_log import FEATURE, INPUT, KEY

ANSWERED = 200
ARRIVAL = "arrival"
TIME = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class Logged:
    """The log of one scope, ``live`` or ``rehearsal``, and the outcomes.

    ``requests`` are tables of ``plans.request_log``; of every version, as traffic is measured over all of them, and
    drift and performance over the rows that ``version`` answered. ``outcomes`` has the label's ``key``, ``_at``,
    ``_label`` and ``_label_known_time``; an outcome counts once ``matures`` has passed since its prediction. Rows of
    moments from ``since`` (``None``: the first) and before ``until`` (UTC, virtual in a rehearsal) are looked at. The
    moment of a live request is when it arrived: a pinned present would give all of them the same. ``known_by`` is the
    moment up to which outcomes are known, where that is another than ``until``. Of so many requests one is there, where
    they were ``thinned``. ``skew`` says whether the logged features are those computed offline, where somebody looked.
    """

    scope: str
    version: str
    requests: Sequence[pa.Table]
    outcomes: pa.Table
    key: tuple[str, ...]
    matures: timedelta
    until: datetime
    since: datetime | None = None
    known_by: datetime | None = None
    thinned: int = 1
    skew: SkewEvidence | None = None

    def rows(self, columns: Sequence[FeatureColumn], views: Sequence[str] = ()) -> Rows:
        """Take what the version answered, in order of its moments, with the outcomes that have matured.

        Args:
            columns: The model's columns.
            views: The views of which to tell how they were read.
        """
        answered = (pl.col("status") == ANSWERED) & (pl.col("version") == self.version)
        wanted = [*(FEATURE + each.name for each in columns), *map(logged_name, views)]
        known = self._table(answered & pl.col("probability").is_not_null(), wanted)
        outcome = self._outcomes(known)
        return Rows(
            at=known["at"].cast(pl.Int64).to_numpy(),
            features=known.select(fed(columns, [FEATURE + each.name for each in columns])),
            probability=known["probability"].to_numpy(),
            outcome=outcome,
            weight=self.thinned,
            views=readings(known, views),
        )

    def traffic(self) -> Requests:
        """Take the requests themselves, in order of their moments: of those with many rows the first row's line."""
        first = self._table(pl.col("row") == 0, ["latency_us"])
        return Requests(*(first[name].cast(pl.Int64).to_numpy() for name in ("at", "status", "latency_us")))

    def _table(self, chosen: pl.Expr, more: Sequence[str]) -> pl.DataFrame:
        own, parts = ["request_id", "row", "status", "version", "probability"], []
        moment = ARRIVAL if self.scope == LIVE else "at"
        for table in self.requests:
            asked = [name for name in (self._asked(table, key) for key in self.key) if name]
            wanted = [name for name in dict.fromkeys([*own, *asked, *more]) if name in table.column_names]
            taken = pl.DataFrame(table.select(dict.fromkeys([moment, "at", *wanted])))
            parts.append(
                taken.rename({"at": AS_OF}).with_columns(pl.col(AS_OF if moment == "at" else moment).alias("at"))
            )
        whole = pl.concat(parts, how="diagonal_relaxed") if parts else _nothing(["at", AS_OF, *own], more)
        whole = whole.with_columns(pl.col("at").cast(TIME)).filter(chosen, pl.col("at") < self.until)
        if self.since is not None:
            whole = whole.filter(pl.col("at") >= self.since)
        return whole.sort("at", "request_id", "row")

    def _asked(self, table: "pa.Table | pl.DataFrame", key: str) -> str | None:
        """Name the logged column that holds a key: given beside the inputs, or an input itself."""
        names = table.column_names if isinstance(table, pa.Table) else table.columns
        return next((prefix + key for prefix in (KEY, INPUT) if prefix + key in names), None)

    def _outcomes(self, known: pl.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """Find each row's outcome by its key; NaN where it is not known, or not all of its time has passed."""
        columns = [self._asked(known, key) for key in self.key]
        if not known.height or not all(columns):
            return np.full(known.height, np.nan)
        known_by = self.known_by or self.until
        came = pl.DataFrame(self.outcomes.select([*self.key, AT, LABEL, LABEL_KNOWN])).filter(
            pl.col(AT).cast(TIME) + self.matures <= known_by, pl.col(LABEL_KNOWN).cast(TIME) <= known_by
        )
        keys = came.unique(self.key, keep="last", maintain_order=True).select(*self.key, pl.col(LABEL).cast(pl.Float64))
        asked = known.select(
            pl.col(column).cast(keys.schema[key]).alias(key)
            for column, key in zip(columns, self.key, strict=True)
            if column
        )
        found = asked.join(keys, on=list(self.key), how="left", maintain_order="left")
        return found[LABEL].fill_null(float("nan")).to_numpy()


def _nothing(own: Sequence[str], more: Sequence[str]) -> pl.DataFrame:
    numbers = {"row": pl.Int64(), "status": pl.Int64(), "latency_us": pl.Int64(), "probability": pl.Float64()}
    kinds: dict[str, pl.DataType] = {"at": TIME, AS_OF: TIME, **numbers}
    return pl.DataFrame(schema={name: kinds.get(name, pl.String()) for name in (*own, *more)})
