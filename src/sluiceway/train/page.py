"""The page of an evaluation, written once its candidate is judged."""

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Verdict
from sluiceway.pages.evaluation_page import Curves, evaluation_html
from sluiceway.pages.page_key import page_key
from sluiceway.ports.object_store import ObjectStore


def write_page(candidate: Candidate, verdict: Verdict, promise: Promise, *, objects: ObjectStore) -> str:
    """Store the page of a candidate's evaluation and its verdict, unless it is there, and return its object key.

    Raises:
        UnknownObjectError: the stored curves are gone.
    """
    key = page_key("evaluation", candidate.evaluation.content_id, verdict, beside=promise.content_id)
    if not objects.has(key):
        curves = decode(dict[str, Curves], objects.get(candidate.evaluation.curves))
        html = evaluation_html(candidate.evaluation, candidate.bundle, spec=promise.spec, verdict=verdict, **curves)
        objects.put(key, html.encode())
    return key
