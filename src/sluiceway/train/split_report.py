"""Split report: what stands on each side of the split, and whether anything stands on both."""

import polars as pl

from sluiceway.artifacts.evaluation import SplitReport
from sluiceway.train.frame import Frame
from sluiceway.train.split import Sides, microseconds, moment

NAMED_AT_MOST = 20


def split_report(train: Frame, holdout: Frame, sides: Sides) -> SplitReport:
    """Look at the rows that were used, not at the rule that chose them.

    ``shared_keys`` names at most 20. ``shared_rows`` counts holdout rows that equal a training row in every column and
    in the label: of columns with many values these are copies under another key, of few columns they may be chance.
    """
    begin = microseconds(sides.holdout_from)
    return SplitReport(
        train_from=moment(train.at.min()),
        train_until=moment(train.at.max()),
        holdout_from=sides.holdout_from,
        holdout_until=moment(holdout.at.max()),
        gap_s=sides.gap.total_seconds(),
        train_rows=len(train),
        holdout_rows=len(holdout),
        in_gap=sides.in_gap,
        shared_keys=shared_keys(train, holdout),
        shared_rows=_on_both_sides(_whole(train), _whole(holdout)).height,
        late_labels=int((train.known > begin).sum()),
    )


def shared_keys(train: Frame, holdout: Frame) -> tuple[str, ...]:
    """Name keys that stand on both sides, sorted; several key columns are joined by commas."""
    both = _on_both_sides(train.keys, holdout.keys).unique()
    names = sorted(", ".join(str(part) for part in key) for key in both.iter_rows())
    return tuple(names[:NAMED_AT_MOST])


def _whole(rows: Frame) -> pl.DataFrame:
    return rows.x.hstack([pl.Series("_label", rows.y)])


def _on_both_sides(train: pl.DataFrame, holdout: pl.DataFrame) -> pl.DataFrame:
    return holdout.join(train, on=holdout.columns, how="semi", nulls_equal=True)
