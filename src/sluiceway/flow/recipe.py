"""Recipes: what a node's result depends on, as one digest."""

from collections.abc import Mapping
from datetime import datetime

from sluiceway.core.digest import digest_of
from sluiceway.core.moments import iso
from sluiceway.flow.kit import Settings
from sluiceway.flow.node import Node


def recipe_of(
    node: Node,
    *,
    parents: Mapping[str, str],
    material: object,
    settings: Settings,
    observed: Mapping[str, object],
) -> str:
    """Digest a node's stage, version, parents (content ids), declaration, settings, and what it observes outside.

    ``observed`` holds facts that no declaration has: the files' hashes, the reference version in force.
    """
    chosen = {name: setting(settings, name, observed) for name in node.by}
    return digest_of([node.stage.name, node.name, node.version, parents, material, chosen])


def setting(settings: Settings, name: str, observed: Mapping[str, object]) -> object:
    """Take a value from what was observed, or else from the settings."""
    if name in observed:
        return observed[name]
    value = getattr(settings, name)
    return iso(value) if isinstance(value, datetime) else value
