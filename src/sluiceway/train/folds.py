"""Folds: training rows divided in time, each part scored by a model of the parts before it."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from sluiceway.core.errors import TrainingError
from sluiceway.core.moments import iso
from sluiceway.declare.pipeline import LEAST_FOLDS
from sluiceway.train.frame import Frame
from sluiceway.train.split import LEAST_ROWS, moment


@dataclass(frozen=True, slots=True)
class FoldRows:
    """Rows to fit, and later rows to score."""

    fitted: Frame
    scored: Frame


def expanding_folds(train: Frame, *, rows: int, folds: int, gap: timedelta) -> tuple[FoldRows, ...]:
    """Divide the most recent ``rows`` into ``folds + 1`` parts of one size, in time; score each but the first.

    A fold fits all rows at least a gap older than its part whose labels were known when the part began, as the model
    itself will be.

    Raises:
        TrainingError: a fold lacks rows, or a class.
    """
    recent = train.take(np.arange(max(0, len(train) - rows), len(train)))
    edges = np.linspace(0, len(recent), folds + 2).astype(np.int64)
    return tuple(
        _fold(recent, int(edges[part]), int(edges[part + 1]), gap=gap, number=part, remedy=_remedy(train, rows, folds))
        for part in range(1, folds + 1)
    )


def _remedy(train: Frame, rows: int, folds: int) -> str:
    """Say what would give folds more rows; what is used up already, or at its least, would not."""
    more = [f"raise rows={rows} in sw.Search, as there are {len(train)} training rows"] if rows < len(train) else []
    fewer = [f"lower folds={folds} in sw.Search"] if folds > LEAST_FOLDS else []
    used = "" if more else f"all {len(train)} training rows are in the search already, so more rows= changes nothing: "
    return f"{used}{', '.join([*more, *fewer, 'shorten the gap in sw.Split'])}, or bring more data"


def _fold(recent: Frame, first: int, end: int, *, gap: timedelta, number: int, remedy: str) -> FoldRows:
    """Cut at a moment, not amid rows of one moment."""
    start = recent.at[first]
    older = (recent.at < start - gap // timedelta(microseconds=1)) & (recent.known <= start)
    scored = np.flatnonzero(recent.at >= start)
    fold = FoldRows(recent.take(older), recent.take(scored[scored < end]))
    for side, part in (("fitted", fold.fitted), ("scored", fold.scored)):
        if len(part) < LEAST_ROWS or not 0 < part.positives < len(part):
            raise TrainingError(
                f"fold {number} of the search, which scores from {iso(moment(start))}, has {len(part)} rows to be "
                f"{side}, {part.positives} of them positive; it takes at least {LEAST_ROWS} with both classes. "
                f"What helps: {remedy}"
            )
    return fold
