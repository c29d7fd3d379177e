"""A page's place: one for each artifact and each verdict on it, so that no page outlives what it says."""

from sluiceway.core.digest import digest_of
from sluiceway.core.verdict import Verdict


def page_key(kind: str, content_id: str, verdict: Verdict, *, beside: str = "") -> str:
    """Name the page of an artifact and of a verdict on it, as an object key.

    Args:
        kind: What was judged, in a word: ``validation``, ``evaluation``.
        content_id: What was judged.
        verdict: What was said of it; overrides and their ends are part of it.
        beside: Identifies anything else that the page shows.
    """
    said = digest_of([verdict.criteria, beside])
    return f"reports/{kind}-{content_id[:12]}-{said[:8]}.html"
