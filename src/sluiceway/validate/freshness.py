"""Layer A: how new the newest row of a source is."""

from datetime import datetime

import polars as pl

from sluiceway.artifacts.dataset_version import KNOWN_TIME
from sluiceway.artifacts.validation_report import FreshnessCheck
from sluiceway.core.duration import parse_duration
from sluiceway.core.moments import in_utc
from sluiceway.validate.source_table import SourceTable


def measure_freshness(table: SourceTable) -> list[FreshnessCheck]:
    """Find the newest known time for each ``fresh`` expectation of a source; none where it has no times or no rows."""
    wanted = [each for each in table.source.expectations if each.kind == "fresh" and each.text]
    newest = None
    if wanted and KNOWN_TIME in table.kinds:
        newest = table.lazy.select(pl.col(KNOWN_TIME).max()).collect(engine="streaming").item()
    moment = in_utc(newest) if isinstance(newest, datetime) else None
    return [
        FreshnessCheck(table.source.name, moment, parse_duration(each.text or "").total_seconds(), each.on_failure)
        for each in wanted
    ]
