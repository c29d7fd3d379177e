"""Kept reports: what a change of a rollout rests upon, where whoever audits the ledger finds it by its content id."""

from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.codec import encode
from sluiceway.ports.object_store import ObjectStore


def keep_report(report: CanaryReport, *, objects: ObjectStore) -> str:
    """Store a report, and return its object key."""
    key = f"rollouts/canaries/{report.content_id}.json"
    objects.put(key, encode(report))
    return key
