"""Everything stage 3 measured, as it is stored: the report and the histograms beside it."""

from dataclasses import dataclass

from sluiceway.artifacts.json_schema import json_schema
from sluiceway.artifacts.validation_report import ValidationReport
from sluiceway.pages.histogram import Histogram

# Raised when a field goes, or means something else: whoever reads reports by the schema should look again. A field more
# leaves it.
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """The report, and each compared column's rows per bin, which no gate judges. ``schema`` is the version of both."""

    report: ValidationReport
    histograms: tuple[Histogram, ...]
    schema: int = SCHEMA_VERSION


def report_schema() -> str:
    """Write the JSON Schema of a stored report."""
    return json_schema(
        Measured,
        title="validation-report",
        version=SCHEMA_VERSION,
        description="What stage 3 measured of one dataset version: rules, freshness, drift and class shares.",
    )
