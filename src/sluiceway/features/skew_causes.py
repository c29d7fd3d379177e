"""Skew's causes: what most likely made a served value another than the offline one.

A value that was read tells the definition it was made by, and up to when everything known was in it. Asked again as of
that moment, offline gives what a view held that was right then, and stale since; asked of the facts that there were
when it was written, it gives what was right by them: then some fact came late. A value that is behind, of which nothing
was due but a message that its stream set aside, is late as well, not stale. What neither explains is called rounding
where one value is the other with fewer digits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.skew_report import CODE, LATE, ROUNDED, STALE, UNEXPLAINED, UNREAD
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.point_in_time import Facts, features_at
from sluiceway.features.served_values import Compared, Mask, compare_column, is_rounded
from sluiceway.online.reader import DIGITS
from sluiceway.plans.moments_sql import length
from sluiceway.plans.request_log import FEATURE, INPUT, VIEW
from sluiceway.plans.window_groups import ends_with_panes

Moments = NDArray[np.int64]
Earlier = Callable[[int], Facts | None]
TIME = pa.timestamp("us", "UTC")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a view for each row; times in microseconds, where nothing was read those of the last reading.

    ``needed`` is the moment up to which a value of that time should have known everything.
    """

    is_read: Mask
    is_current: Mask
    written: Moments
    through: Moments
    needed: Moments

    @property
    def is_behind(self) -> Mask:
        """Which rows were answered by a view that did not know yet all that it should have."""
        return self.through < self.needed


def reading_of(view: FeatureView, logged: pa.Table) -> Reading:
    """Tell what was read of a view, for rows of ``plans.request_log`` in the order of their arrival."""
    digest, written, through = (
        pl.Series(values=logged[f"{VIEW}{view.name}:{part}"]) for part in ("digest", "written", "known_through")
    )
    at = pl.Series(values=logged["at"]).cast(pl.Int64)
    needed = at // length(view.every) * length(view.every) if ends_with_panes(view) else at
    newest = through.cast(pl.Int64).cum_max().fill_null(strategy="forward")
    known = through.cast(pl.Int64).fill_null(newest).fill_null(needed)
    return Reading(
        is_read=digest.is_not_null().to_numpy(),
        is_current=(digest == view.digest[:DIGITS]).fill_null(value=True).to_numpy(),
        written=written.cast(pl.Int64).fill_null(known).to_numpy(),
        through=known.to_numpy(),
        needed=needed.to_numpy(),
    )


def causes_of_view(
    view: FeatureView,
    logged: pa.Table,
    compared: Sequence[Compared],
    *,
    facts: Facts,
    earlier: Sequence[Earlier],
    aside: Sequence[Earlier] = (),
) -> dict[str, dict[int, str]]:
    """Name the cause of each value of a view that differs: by column and row.

    Args:
        view: The definition that offline goes by.
        logged: Every compared row.
        compared: The view's columns.
        facts: What is known now.
        earlier: Each gives what the store could know when a value was written (microseconds), where that is there.
        aside: Each gives what is known without the messages that the view's stream set aside as late.
    """
    differs = np.logical_or.reduce([each.differs for each in compared])
    places = np.flatnonzero(differs)
    if not places.size:
        return {}
    rows, seen = logged.take(pa.array(places)), reading_of(view, logged)
    then = _at(seen, places)
    was_right = _right_then(view, rows, compared, then, facts=facts)
    was_late = _right_by_then(view, rows, compared, then, earlier=[*earlier, *aside])
    was_aside = _not_due_without(view, rows, compared, then, aside=aside)
    found: dict[str, dict[int, str]] = {}
    for each in compared:
        causes: dict[int, str] = {}
        for index, place in enumerate(places.tolist()):
            if each.differs[place]:
                stale = was_right[each.name][index] and not was_aside[each.name][index]
                causes[place] = _cause(each, place, seen, stale=stale, late=was_late[each.name][index])
        found[each.name] = causes
    return found


def _cause(each: Compared, place: int, seen: Reading, *, stale: bool, late: bool) -> str:
    if not seen.is_current[place]:
        return CODE
    if stale and seen.is_behind[place]:
        return STALE
    if late:
        return LATE
    if not seen.is_read[place]:
        return UNREAD
    return number_cause(each, place)


def number_cause(each: Compared, place: int) -> str:
    """Tell rounding from what cannot be explained."""
    served, offline = each.served[place], each.offline[place]
    both = isinstance(served, float) and isinstance(offline, float)
    return ROUNDED if both and is_rounded(served, offline) else UNEXPLAINED


def _at(seen: Reading, places: NDArray[np.intp]) -> Reading:
    return Reading(*(getattr(seen, name)[places] for name in ("is_read", "is_current", "written", "through", "needed")))


def _right_then(
    view: FeatureView, rows: pa.Table, compared: Sequence[Compared], seen: Reading, *, facts: Facts
) -> dict[str, Mask]:
    """Find the values that offline gives as of the moment up to which they knew everything.

    Latest values of a view with windows knew more than its windows did: up to when they were written. A value past its
    ttl was no longer given, which is what being behind came to.
    """
    right = {each.name: np.zeros(rows.num_rows, np.bool_) for each in compared}
    for moments in _candidates(view, seen):
        again = computed_at(facts, view, rows, moments)
        for each in compared:
            right[each.name] |= _equals(rows, again, each)
    for each in compared:
        if view.ttl and each.name in latest_columns(view):
            right[each.name] |= _gone(rows, each) & seen.is_read
    return right


def latest_columns(view: FeatureView) -> set[str]:
    """Name the columns of a view that age."""
    return {name for feature in view.features if feature.is_latest for name in view.columns_of(feature)}


def _candidates(view: FeatureView, seen: Reading) -> Iterator[Moments]:
    yield seen.through
    if ends_with_panes(view):
        yield np.clip(seen.written, seen.through, seen.through + length(view.every) - 1)


def _right_by_then(
    view: FeatureView, rows: pa.Table, compared: Sequence[Compared], seen: Reading, *, earlier: Sequence[Earlier]
) -> dict[str, Mask]:
    """Find the values that are right at some moment by the facts that there were when they were written."""
    moments = (seen.needed, *_candidates(view, seen))
    return _right_at(view, rows, compared, moments, _known_then(seen, earlier), agree=np.logical_or)


def _not_due_without(
    view: FeatureView, rows: pa.Table, compared: Sequence[Compared], seen: Reading, *, aside: Sequence[Earlier]
) -> dict[str, Mask]:
    """Find the values that were right both when they were made and when they were read, but for what was set aside."""
    moments = (seen.through, seen.needed)
    return _right_at(view, rows, compared, moments, _known_then(seen, aside), agree=np.logical_and)


def _right_at(
    view: FeatureView,
    rows: pa.Table,
    compared: Sequence[Compared],
    moments: Sequence[Moments],
    known: Iterable[tuple[Facts, NDArray[np.int64]]],
    *,
    agree: np.ufunc,
) -> dict[str, Mask]:
    """Compare values with those of several moments by what was known; ``agree`` says whether one must equal or all."""
    right = {each.name: np.zeros(rows.num_rows, np.bool_) for each in compared}
    for before, places in known:
        part = rows.take(pa.array(places))
        again = [computed_at(before, view, part, each[places]) for each in moments]
        for each in compared:
            right[each.name][places] |= agree.reduce([_equals(part, table, each) for table in again])
    return right


def _known_then(seen: Reading, earlier: Sequence[Earlier]) -> Iterator[tuple[Facts, NDArray[np.int64]]]:
    """Give what was known when values were written, each with the rows whose values those are."""
    known: dict[int, tuple[Facts, list[int]]] = {}
    for facts_at in earlier:
        for index, written in enumerate(seen.written.tolist()):
            before = facts_at(written)
            if before is not None:
                known.setdefault(id(before), (before, []))[1].append(index)
    for before, chosen in known.values():
        yield before, np.array(chosen, np.int64)


def computed_at(facts: Facts, view: FeatureView, rows: pa.Table, moments: Moments) -> pa.Table:
    """Compute a view for logged rows as of other moments, microseconds, in the order of the rows."""
    entities = {name: rows[INPUT + name] for name in view.entities}
    places = pa.array(range(rows.num_rows), pa.int64())
    spine = pa.table({"_row": places, "_at": pa.array(moments, pa.int64()).cast(TIME), **entities})
    return features_at(facts, view, spine).sort_by("_row")


def _column(each: Compared) -> FeatureColumn:
    return FeatureColumn(each.name, "number" if each.served.dtype == pl.Float64 else "text", "view")


def _equals(rows: pa.Table, again: pa.Table, each: Compared) -> Mask:
    return ~compare_column(rows, again, _column(each)).differs


def _gone(rows: pa.Table, each: Compared) -> Mask:
    return np.asarray(pl.Series(values=rows[FEATURE + each.name]).is_null().to_numpy())
