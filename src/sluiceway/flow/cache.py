"""The cache: from a recipe to the artifact it made, as the ledger has it."""

from dataclasses import dataclass

import msgspec

from sluiceway.artifacts.codec import decode, encode
from sluiceway.core.digest import sha256_hex
from sluiceway.core.errors import UnknownObjectError
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.node import Artifact, Node
from sluiceway.ledger.making import Made, everything_made, record_made


def artifact_key(recipe: str) -> str:
    """Where the evidence of a recipe is stored."""
    return f"artifacts/{recipe[:2]}/{recipe}.json"


@dataclass(frozen=True, slots=True)
class Found:
    """A cached artifact, or why there is none to use."""

    artifact: Artifact | None
    reason: str = ""


def find(node: Node, recipe: str, kit: Kit) -> Found:
    """Look a recipe up. What was altered since, or lost what it points to, is not used but made again."""
    made = {made.recipe: made for _, made in everything_made(kit.ledger)}.get(recipe)
    if made is None:
        return Found(None)
    data = evidence(made, kit)
    if data is None:
        return Found(None, "its evidence is gone from the store, or not what the ledger recorded")
    artifact = load(node, data)
    if artifact is None or not node.present(kit, artifact):
        return Found(None, "what it made is gone from the store")
    return Found(artifact)


def evidence(made: Made, kit: Kit) -> bytes | None:
    """Read an artifact's evidence, if it is still there and still hashes to what the ledger recorded."""
    try:
        data = kit.objects.get(artifact_key(made.recipe))
    except UnknownObjectError:
        return None
    return data if sha256_hex(data) == made.sha256 else None


def last_made(node: Node, kit: Kit) -> Artifact | None:
    """Return what a node made last, if its evidence can be believed."""
    made = [made for _, made in everything_made(kit.ledger) if made.node == node.name]
    data = evidence(made[-1], kit) if made else None
    return load(node, data) if data is not None else None


def load(node: Node, data: bytes) -> Artifact | None:
    """Decode an artifact, unless another version of the product wrote it in another shape."""
    try:
        artifact: Artifact = decode(node.artifact, data)
    except msgspec.ValidationError:
        return None
    return artifact


def keep(node: Node, recipe: str, artifact: Artifact, *, parents: dict[str, str], kit: Kit, settings: Settings) -> None:
    """Store an artifact's evidence, then write into the ledger that it was made: in this order a kill loses nothing."""
    data = encode(artifact)
    kit.objects.put(artifact_key(recipe), data)
    record_made(
        kit.ledger,
        Made(node.name, recipe, artifact.content_id, sha256_hex(data), parents),
        as_of=settings.as_of,
    )
