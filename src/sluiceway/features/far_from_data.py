"""Far from the data: requests of a moment from which no window reaches back to anything that the data knows.

So it is where the data is of another time than the wall's, as data that is replayed: everything served then differs
from what offline computes of that moment, or both are empty, and no single value's cause says so.
"""

from collections.abc import Sequence

import polars as pl

from sluiceway.artifacts.dataset_version import KNOWN_TIME
from sluiceway.core.moments import iso
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.moments_sql import length, microseconds, moment_of
from sluiceway.plans.window_groups import window_features


def far_from_data(facts: Facts, views: Sequence[FeatureView], first: int, last: int) -> str:
    """Say so, and what to do, where that is the case for all requests; nothing otherwise.

    Args:
        facts: The sources; their cutoff plays no part.
        views: What was computed.
        first: The first moment that was asked for, in microseconds since the epoch.
        last: The last one.
    """
    reaches = {text: length(text) + length(view.every) for view in views for text in _reaches(view)}
    ends = [ends for view in views if (ends := _known(facts, view))]
    if not ends or not reaches:
        return ""
    oldest, newest = min(low for low, _ in ends), max(high for _, high in ends)
    longest = max(reaches, key=reaches.__getitem__)
    if first - newest > reaches[longest]:
        said = (
            f"all requests are of {iso(moment_of(first))} or later, but the newest fact became known at "
            f"{iso(moment_of(newest))}, and no window reaches back further than {longest}"
        )
    elif last < oldest:
        said = (
            f"all requests are of {iso(moment_of(last))} or earlier, but the first fact became known at "
            f"{iso(moment_of(oldest))}"
        )
    else:
        return ""
    return (
        f"{said}: offline has nothing there. Where newer facts have arrived, sluiceway run takes them in; where the "
        f'data is of another time than now, set as_of = "{iso(moment_of(newest))}", or an earlier moment, in '
        "sluiceway.toml, and let servers answer again: what they answered before stays of its moment"
    )


def _reaches(view: FeatureView) -> list[str]:
    """List how far back each of a view's features looks, where that has an end."""
    windows = [str(feature.over) for feature in window_features(view)]
    return [*windows, *([view.ttl] if view.ttl else [])]


def _known(facts: Facts, view: FeatureView) -> tuple[int, int] | None:
    """Tell when the first and the newest fact of a view's source became known; nothing where there is none."""
    known = pl.col(KNOWN_TIME)
    ends = facts.tables.scan(facts.dataset.table(view.source.name)).select(low=known.min(), high=known.max())
    low, high = ends.collect(engine="streaming").row(0)
    return None if low is None else (microseconds(low), microseconds(high))
