"""Readings: how far behind each view was when a request was answered, and whether anything was read of it.

A store's value is written when it changes, so that one entity's value may be old, and right. How much a view knew is
told by the newest value that was read of it up to then, whoever's it was.
"""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from sluiceway.plans.moments_sql import MICROSECOND
from sluiceway.plans.request_log import VIEW

# A column of how far behind a view was, in microseconds, null before anything was read of it; one of whether it was.
BEHIND, READ = "behind:", "read:"
# When a row was answered, and as of when, which a pinned present sets apart.
AT, AS_OF = "at", "as_of"
KNOWN_THROUGH = ":known_through"


def logged_name(view: str) -> str:
    """Name the logged column that says up to when a view's value knew everything."""
    return f"{VIEW}{view}{KNOWN_THROUGH}"


def readings(log: pl.DataFrame, views: Sequence[str]) -> pl.DataFrame:
    """Tell how views were read: columns ``behind:<view>`` and ``read:<view>``, a row for each of the log's.

    Args:
        log: Rows in order of ``at``, with ``as_of`` and what ``logged_name`` names; a view not there was not read.
        views: Which views.
    """
    found = [_reading(log, view) for view in views]
    return pl.concat(found, how="horizontal") if found else pl.DataFrame()


def kept_up(size: int, views: Sequence[tuple[str, timedelta | None]], share: float) -> pl.DataFrame:
    """Make the readings of a service that keeps up: every view is behind by a share of what it may be."""
    limits = {view: int(share * (within or timedelta(0)) / MICROSECOND) for view, within in views}
    columns = [
        pl.repeat(limit, size, dtype=pl.Int64, eager=True).alias(BEHIND + view) for view, limit in limits.items()
    ]
    columns += [pl.repeat(value=True, n=size, dtype=pl.Boolean, eager=True).alias(READ + view) for view in limits]
    return pl.DataFrame(columns)


def _reading(log: pl.DataFrame, view: str) -> pl.DataFrame:
    """Rows of one moment, whose order says nothing, share the newest value among them."""
    name = logged_name(view)
    through = pl.col(name).cast(pl.Int64) if name in log.columns else pl.lit(None, dtype=pl.Int64)
    known = log.select(AT, AS_OF, through.alias("through"))
    known = known.with_columns(pl.col("through").cum_max().forward_fill().alias("newest"))
    behind = (pl.col(AS_OF).cast(pl.Int64) - pl.col("newest").max().over(AT)).clip(0)
    return known.select(behind.alias(BEHIND + view), pl.col("through").is_not_null().alias(READ + view))
