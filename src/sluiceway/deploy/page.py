"""The page of a canary, written once it is judged."""

from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Verdict
from sluiceway.pages.canary_page import canary_html
from sluiceway.pages.page_key import page_key
from sluiceway.ports.object_store import ObjectStore


def write_page(report: CanaryReport, verdict: Verdict, promise: Promise, *, objects: ObjectStore) -> str:
    """Store the page of a canary and its verdict, unless it is there, and return its object key."""
    key = page_key("canary", report.content_id, verdict, beside=promise.content_id)
    if not objects.has(key):
        objects.put(key, canary_html(report, spec=promise.spec, verdict=verdict).encode())
    return key
