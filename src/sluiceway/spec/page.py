"""The one page of a promise, written once it is judged."""

from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Verdict
from sluiceway.pages.page_key import page_key
from sluiceway.pages.spec_page import spec_html, spec_markdown
from sluiceway.ports.object_store import ObjectStore


def write_page(
    evidence: Promise,
    verdict: Verdict,
    promise: Promise,  # noqa: ARG001 - every stage's page is written by the same call
    *,
    objects: ObjectStore,
) -> str:
    """Store the page of a promise and its verdict, as Markdown and as HTML, unless it is there.

    Returns:
        The object key of the HTML; the Markdown's ends in ``.md`` instead of ``.html``.
    """
    key = page_key("spec", evidence.content_id, verdict)
    markdown = key.removesuffix(".html") + ".md"
    if not objects.has(markdown):
        objects.put(markdown, spec_markdown(evidence, verdict).encode())
    if not objects.has(key):
        objects.put(key, spec_html(evidence, verdict).encode())
    return key
