"""Split: where training ends and the holdout begins, in prediction time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sluiceway.core.duration import format_duration, parse_duration
from sluiceway.core.errors import TrainingError
from sluiceway.core.moments import iso
from sluiceway.declare.pipeline import Pipeline
from sluiceway.train.frame import Frame

LEAST_ROWS = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sides:
    """Masks over a frame's rows, with the holdout's first moment (UTC) and the gap before it."""

    holdout_from: datetime
    gap: timedelta
    train: NDArray[np.bool_]
    holdout: NDArray[np.bool_]

    @property
    def in_gap(self) -> int:
        """Rows on neither side: predicted in the gap, or labelled too late to have trained on."""
        return int((~self.train & ~self.holdout).sum())


def split(frame: Frame, pipeline: Pipeline) -> Sides:
    """Divide the rows: training stops a gap before the holdout begins, and knows every one of its labels by then.

    Raises:
        TrainingError: a side has fewer than 50 rows, or rows of one class only.
    """
    if not len(frame):
        raise TrainingError("the feature set has no labelled rows to train on; give the sources more history")
    start = holdout_start(frame, pipeline)
    gap = parse_duration(pipeline.split.gap or pipeline.label.matures)
    begin = microseconds(start)
    train = (frame.at < begin - gap // timedelta(microseconds=1)) & (frame.known <= begin)
    sides = Sides(start, gap, train, frame.at >= begin)
    _require("training", frame, sides.train, sides)
    _require("holdout", frame, sides.holdout, sides)
    return sides


def holdout_start(frame: Frame, pipeline: Pipeline) -> datetime:
    """Find the holdout's first moment: a date as given, or counted back from the last labelled prediction."""
    asked = pipeline.split
    if asked.holdout_start is not None:
        return asked.holdout_start
    first, last = moment(frame.at[0]), moment(frame.at[-1])
    back = parse_duration(asked.holdout) if isinstance(asked.holdout, str) else asked.holdout * (last - first)
    return last - back


def moment(us: int | np.int64) -> datetime:
    """Read microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=int(us))


def microseconds(when: datetime) -> int:
    """Count microseconds since the epoch."""
    return (when - EPOCH) // timedelta(microseconds=1)


def _require(side: str, frame: Frame, chosen: NDArray[np.bool_], sides: Sides) -> None:
    rows, positives = int(chosen.sum()), int(frame.y[chosen].sum())
    if rows >= LEAST_ROWS and 0 < positives < rows:
        return
    span = f"labelled predictions run from {iso(moment(frame.at[0]))} to {iso(moment(frame.at[-1]))}"
    raise TrainingError(
        f"the {side} side of the split has {rows} rows, {positives} of them positive; it takes at least {LEAST_ROWS} "
        f"with both classes among them. The holdout begins at {iso(sides.holdout_from)} after a gap of "
        f"{format_duration(sides.gap)}; {span}. Move sw.Split(holdout=...), shorten its gap, or bring more data"
    )
