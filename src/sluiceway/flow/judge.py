"""Judging: a gate, its artifact, the overrides in force, and the verdict on record."""

from collections.abc import Mapping, Sequence

from sluiceway.artifacts.promise import Promise
from sluiceway.flow.cache import last_made
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.node import Artifact, Node
from sluiceway.ledger.overriding import overrides
from sluiceway.ledger.standing import Standing, record_verdict, standings


def judge(
    node: Node, artifact: Artifact, *, promise: Promise, upstream: Mapping[str, str], kit: Kit, settings: Settings
) -> Standing:
    """Judge an artifact now, from fresh evidence where the node asks for it, and record the verdict.

    Raises:
        ValueError: the node has no gate.
    """
    if node.gate is None:
        raise ValueError(f"node {node.name!r} has no gate")
    evidence = node.inspect(kit, artifact) if node.inspect else artifact
    verdict = node.gate(evidence, promise, overrides(kit.ledger), kit.clock.now())
    scope = node.scope(artifact) if node.scope else None
    standing = Standing(
        node.stage.number, node.stage.name, artifact.content_id, dict(upstream), verdict, scope=scope, sequence=0
    )
    return record_verdict(kit.ledger, standing, as_of=settings.as_of)


def looked_at_again(node: Node, *, graph: Sequence[Node], kit: Kit, settings: Settings) -> Standing | None:
    """Judge what a node made last by evidence gathered now; ``None`` where none is gathered, or nothing was judged."""
    standing = standings(kit.ledger).get(node.stage.name)
    if node.inspect is None or standing is None:
        return None
    artifact = last_made(node, kit)
    promise = next((found for each in graph if isinstance(found := last_made(each, kit), Promise)), None)
    if artifact is None or artifact.content_id != standing.artifact or promise is None:
        return None
    return judge(node, artifact, promise=promise, upstream=standing.upstream, kit=kit, settings=settings)
