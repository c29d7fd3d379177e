"""Layer A: how new the newest row of a source is."""

from datetime import datetime

from sluiceway.artifacts.dataset_version import KNOWN_TIME
from sluiceway.artifacts.validation_report import FreshnessCheck
from sluiceway.core.duration import parse_duration
from sluiceway.core.moments import in_utc
from sluiceway.validate.source_table import SourceTable


def measure_freshness(table: SourceTable) -> list[FreshnessCheck]:
    """Find the newest known time for each ``fresh`` expectation of a source; none where it has no times or no rows."""
    limits = [each.text for each in table.source.expectations if each.kind == "fresh" and each.text]
    newest = table.frame[KNOWN_TIME].max() if limits and KNOWN_TIME in table.frame.columns else None
    moment = in_utc(newest) if isinstance(newest, datetime) else None
    return [FreshnessCheck(table.source.name, moment, parse_duration(text).total_seconds()) for text in limits]
