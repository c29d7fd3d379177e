"""The page of a validation report, written once it is judged."""

from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.validation_report import ValidationReport
from sluiceway.core.verdict import Verdict
from sluiceway.pages.page_key import page_key
from sluiceway.pages.validation_page import validation_html
from sluiceway.ports.object_store import ObjectStore
from sluiceway.validate.measured import Measured


def write_page(
    report: ValidationReport,
    verdict: Verdict,
    promise: Promise,  # noqa: ARG001 - every stage's page is written by the same call
    *,
    objects: ObjectStore,
) -> str:
    """Store the page of a report and its verdict, unless it is there, and return its object key.

    Raises:
        UnknownObjectError: the stored report is gone.
    """
    key = page_key("validation", report.content_id, verdict)
    if not objects.has(key):
        histograms = decode(Measured, objects.get(report.json)).histograms
        objects.put(key, validation_html(report, verdict, histograms).encode())
    return key
