"""The page of a health report, written once its gate has spoken."""

from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.health_report import HealthReport
from sluiceway.artifacts.promise import Promise
from sluiceway.core.digest import digest_of
from sluiceway.core.verdict import Verdict
from sluiceway.pages.health_page import HealthCharts, health_html
from sluiceway.pages.page_key import page_key
from sluiceway.ports.object_store import ObjectStore


def write_page(report: HealthReport, verdict: Verdict, promise: Promise, *, objects: ObjectStore) -> str:
    """Store the page of a report and its verdict, unless it is there, and return its object key.

    Traffic and alerts are no part of what a report is known by, but stand on its page.

    Raises:
        UnknownObjectError: the report's details are gone.
    """
    timed = [(window.traffic, window.alerts) for window in report.windows]
    key = page_key("health", report.content_id, verdict, beside=digest_of([promise.content_id, timed]))
    if not objects.has(key):
        drawn = decode(HealthCharts, objects.get(report.json))
        objects.put(key, health_html(report, drawn, spec=promise.spec, verdict=verdict).encode())
    return key
