"""Judging: a gate, its artifact, the overrides in force, and the verdict on record."""

from collections.abc import Mapping

from sluiceway.artifacts.promise import Promise
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.node import Artifact, Node
from sluiceway.ledger.records import Standing, overrides, record_verdict


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
    standing = Standing(
        node.stage.number, node.stage.name, artifact.content_id, dict(upstream), verdict, scope=None, sequence=0
    )
    return record_verdict(kit.ledger, standing, as_of=settings.as_of)
