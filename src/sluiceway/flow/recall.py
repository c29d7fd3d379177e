"""Recalling: artifacts of earlier runs, found through the ledger."""

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.validation_report import ValidationReport
from sluiceway.flow.cache import artifact_key, last_made, load
from sluiceway.flow.graph import GRAPH
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact
from sluiceway.ledger.records import Made, everything_made


def newest(node: str, kit: Kit) -> Artifact | None:
    """Return what a node made last, if it is still in the store."""
    return last_made(next(each for each in GRAPH if each.name == node), kit)


def recalled(made: Made, kit: Kit) -> Artifact | None:
    """Load an artifact by the record of its making."""
    node = next(node for node in GRAPH if node.name == made.node)
    key = artifact_key(made.recipe)
    return load(node, kit.objects.get(key)) if kit.objects.has(key) else None


def recalled_candidate(content_id: str, kit: Kit) -> Candidate | None:
    """Return a candidate by its content id, if it is still in the store."""
    for _, made in reversed(everything_made(kit.ledger)):
        if made.node == "evaluate" and made.content_id == content_id:
            artifact = recalled(made, kit)
            return artifact if isinstance(artifact, Candidate) else None
    return None


def newest_pages(kit: Kit) -> dict[str, str]:
    """Return the object keys of the newest pages for people, by name, of the stages that have made one."""
    promise, report, candidate = newest("spec", kit), newest("validate", kit), newest("evaluate", kit)
    pages = {
        "spec": promise.html if isinstance(promise, Promise) else None,
        "validation": report.html if isinstance(report, ValidationReport) else None,
        "evaluation": candidate.evaluation.html if isinstance(candidate, Candidate) else None,
    }
    return {name: key for name, key in pages.items() if key is not None}
