"""Everything stage 3 measured, as it is stored: the report and the histograms beside it."""

from dataclasses import dataclass

from sluiceway.artifacts.validation_report import ValidationReport
from sluiceway.pages.histogram import Histogram


@dataclass(frozen=True, slots=True)
class Measured:
    """The report, and each compared column's rows per bin, which no gate judges."""

    report: ValidationReport
    histograms: tuple[Histogram, ...]
