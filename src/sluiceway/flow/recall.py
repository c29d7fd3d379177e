"""Recalling: artifacts of earlier runs, found through the ledger."""

from sluiceway.artifacts.candidate import Candidate
from sluiceway.flow.cache import evidence, last_made, load
from sluiceway.flow.graph import GRAPH
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact
from sluiceway.ledger.making import everything_made
from sluiceway.ledger.running import RUN, last_run


def current(node: str, kit: Kit) -> Artifact | None:
    """Return what the last run stood upon, or else what a node made last, if its evidence can be believed."""
    run = last_run(kit.ledger)
    content_id = run["made"].get(node) if run else None
    if content_id is None:
        return last_made(next(each for each in GRAPH if each.name == node), kit)
    return recalled(node, content_id, kit)


def recalled(name: str, content_id: str, kit: Kit) -> Artifact | None:
    """Return what a node made by its content id, if its evidence can be believed."""
    node = next(node for node in GRAPH if node.name == name)
    for _, made in reversed(everything_made(kit.ledger)):
        if (made.node, made.content_id) == (name, content_id):
            data = evidence(made, kit)
            return load(node, data) if data is not None else None
    return None


def recalled_candidate(content_id: str, kit: Kit) -> Candidate | None:
    """Return a candidate by its content id, if its evidence can be believed."""
    artifact = recalled("evaluate", content_id, kit)
    return artifact if isinstance(artifact, Candidate) else None


def newest_pages(kit: Kit) -> dict[str, str]:
    """Return the object keys of the newest pages for people, by stage."""
    pages: dict[str, str] = {}
    for entry in kit.ledger.entries(RUN):
        pages |= entry.body["pages"]
    return pages
