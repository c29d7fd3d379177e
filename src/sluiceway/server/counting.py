"""Counting: what requests that were answered add to the metrics."""

from collections.abc import Sequence

from sluiceway.server.draft import Draft
from sluiceway.server.metrics import Metrics
from sluiceway.server.served_features import ServedFeatures


def count_drafts(drafts: Sequence[Draft], metrics: Metrics) -> None:
    """Count requests, their rows by version and arm, rows that fell back, and views that knew nothing."""
    metrics.count([(draft.reply.status, draft.version, draft.arm, draft.latency_us) for draft in drafts])
    rows: dict[tuple[str, str], int] = {}
    served = ServedFeatures()
    for draft in drafts:
        for each in draft.answered:
            served.add(each.known)
            if each.probability is not None:
                rows[each.version, each.arm] = rows.get((each.version, each.arm), 0) + 1
            if each.fallback:
                metrics.count_fallback(draft.challenger)
            if None in (views := each.known.views).values():
                for view in [name for name, seen in views.items() if seen is None]:
                    metrics.count_without(view)
    for (version, arm), number in rows.items():
        metrics.count_rows(version, arm, number)
    served.tell(metrics)
