"""Late rows: those whose pane was closed by what had come before them in their partition.

In windows over known_time that is the pane of their known_time, which stays open for the topic's lateness. In those
over event_time it is the pane of their event_time, which stays open for the view's lateness besides. Where the source
has a key, rows of a closed pane of known_time are late in these too: of one that comes whenever it likes nobody could
tell whether it was replaced by a fact that was let go.

Views without windows take rows however late; but those that let go of facts that are past their ttl take none that
became known earlier than these did.
"""

from collections.abc import Sequence

import polars as pl

from sluiceway.declare.feature_view import BY_EVENT, FeatureView
from sluiceway.plans.corrections import EVENT, KNOWN
from sluiceway.plans.latest import latest_features, supersedes
from sluiceway.plans.moments_sql import MICROSECOND, length
from sluiceway.plans.window_groups import window_features
from sluiceway.streams.latest_time import MOST_AHEAD


def late_marks(rows: pl.DataFrame, *, time: str, before: pl.Series | int, every: int, lateness: int) -> pl.Series:
    """Mark the rows that are late for panes of one length; all durations in microseconds.

    Args:
        rows: A partition's rows.
        time: The column that panes are of.
        before: The greatest ``known_time`` that was seen before each row.
        every: The panes' length.
        lateness: How long a pane stays open after its end.
    """
    end = (rows.get_column(time) // every + 1) * every
    return (end + lateness <= before).fill_null(value=False)


def expires_after(view: FeatureView) -> int | None:
    """Tell how long behind its event_time a fact is of no use to latest features, in microseconds.

    ``None`` where it may always be, or no version of it is kept. Clocks differ: a watermark may be ahead of requests.
    """
    keeps = bool(latest_features(view)) and supersedes(view, repeated=bool(view.source.keys))
    return length(view.ttl) + MOST_AHEAD // MICROSECOND if keeps and view.ttl else None


class LateRows:
    """Tells which rows are late for one view. ``known_lateness`` is how long a pane of known_time is open."""

    def __init__(self, view: FeatureView, *, lateness: int) -> None:
        """Take the topic's ``lateness``, in microseconds."""
        by_event = view.windows == BY_EVENT
        self._every = length(view.every)
        self._rules: Sequence[tuple[str, int]] = ()
        self.known_lateness = lateness
        self._expires_after = expires_after(view)
        if window_features(view):
            rules = [(EVENT, lateness + length(str(view.lateness)))] if by_event else []
            self._rules = [*rules, (KNOWN, lateness)] if view.source.keys or not by_event else rules
        elif self._expires_after is not None:
            self.known_lateness = lateness + self._expires_after
            self._rules = [(KNOWN, self.known_lateness)]

    def closed_before(self, watermark: int) -> int:
        """Tell before which pane all that became known has come in time, or is late."""
        return (watermark - self.known_lateness) // self._every

    def expired_before(self, watermark: int) -> int | None:
        """Tell before which pane an event_time is past its ttl; ``None`` where nothing expires."""
        return None if self._expires_after is None else (watermark - self._expires_after) // self._every

    def arriving(self, rows: pl.DataFrame, watermark: int | None) -> pl.Series | None:
        """Mark rows that come one after the other; ``None`` where none is late.

        Which are late depends on the partition's order alone, and not on how it was cut into batches.

        Args:
            rows: A partition's rows in order.
            watermark: The greatest ``known_time`` before them; ``None`` at the beginning.
        """
        if not self._rules:
            return None
        before = rows.get_column(KNOWN).cum_max().shift(1, fill_value=watermark)
        if watermark is not None:
            before = before.clip(lower_bound=watermark)
        marks = self._marks(rows, before)
        return marks if marks.any() else None

    def closed(self, rows: pl.DataFrame, watermark: int) -> pl.DataFrame:
        """Choose the rows known by now that would be late if they came now; all, where no row can be."""
        rows = rows.filter(pl.col(KNOWN) <= watermark)
        return rows.filter(self._marks(rows, watermark)) if self._rules else rows

    def _marks(self, rows: pl.DataFrame, before: pl.Series | int) -> pl.Series:
        first, *others = (
            late_marks(rows, time=time, before=before, every=self._every, lateness=lateness)
            for time, lateness in self._rules
        )
        for marks in others:
            first |= marks
        return first
