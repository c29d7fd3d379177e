"""A node: one piece of work in the stage graph, what it reads, and the gate behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Overrides, Verdict
from sluiceway.declare.project import Project
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.stages import Stage
from sluiceway.ports.progress import Progress

A = TypeVar("A")


class Artifact(Protocol):
    """Anything handed from node to node."""

    @property
    def content_id(self) -> str:
        """Identify what was made."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a node may use while it works. ``made`` holds the artifacts of earlier nodes by name.

    ``observed`` holds what the recipe took from outside the declaration.
    """

    project: Project
    kit: Kit
    settings: Settings
    made: Mapping[str, Artifact]
    observed: Mapping[str, Any]
    progress: Progress

    @property
    def references(self) -> Mapping[str, tuple[str, ...]]:
        """The dataset versions (content ids, newest first) to compare with, by the names they are asked for."""
        chosen = self.observed.get("reference")
        return {name: tuple(versions) for name, versions in chosen.items()} if isinstance(chosen, dict) else {}

    def needs(self, node: str, kind: type[A]) -> A:
        """Return an earlier node's artifact as its own type.

        Raises:
            TypeError: the graph hands over another type, which is a mistake in the graph.
        """
        artifact = self.made[node]
        if not isinstance(artifact, kind):
            raise TypeError(f"node {node!r} made a {type(artifact).__name__}, not a {kind.__name__}")
        return artifact


Gate = Callable[[Any, Promise, Overrides, Any], Verdict]


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the graph.

    ``reads`` names what it takes from the declaration (see ``flow.material``), ``by`` the settings that change its
    result. ``inspect`` gathers evidence that must be fresh at every judgement. ``present`` tells whether what a cached
    artifact points to is still there. ``page`` writes what people read about an artifact and the verdict on it, and
    returns its object key. ``publish`` tells the world, once the gate is open, and may be repeated; it
    returns what the ledger should remember of it; ``is_published`` tells, quickly, whether the world still knows.
    ``tell`` says what was found, whatever the verdict, and by itself never says it twice.
    ``scope`` tells whether an artifact is evidence of a rehearsal or of live traffic, where its gate has scopes.
    """

    name: str
    stage: Stage
    version: int
    artifact: type[Any]
    needs: tuple[str, ...]
    reads: str
    run: Callable[[Job], Artifact]
    present: Callable[[Kit, Any], bool]
    by: tuple[str, ...] = ()
    gate: Gate | None = None
    inspect: Callable[[Kit, Any], Any] | None = None
    page: Callable[[Kit, Any, Verdict, Promise], str] | None = None
    publish: Callable[[Kit, Any, Promise], Mapping[str, object]] | None = None
    is_published: Callable[[Kit, Any], bool] | None = None
    tell: Callable[[Kit, Any, Verdict, Promise], None] | None = None
    scope: Callable[[Any], str] | None = None
