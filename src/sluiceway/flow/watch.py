"""Watching: what a run tells whoever looks on."""

from typing import Protocol

from sluiceway.flow.node import Node
from sluiceway.ledger.standing import Standing
from sluiceway.ports.progress import Progress, Silence


class Watch(Protocol):
    """Hears of a run's steps as they happen, from several threads."""

    def begins(self, node: Node) -> Progress:
        """A node starts to work; return where it may say how far it is."""

    def ends(self, node: Node, *, seconds: float, cached: bool, note: str) -> None:
        """A node is done."""

    def judged(self, standing: Standing) -> None:
        """A gate spoke."""

    def extracts(self) -> Progress:
        """A database or an API is read; return where it may say how far it is."""

    def tells(self, text: str) -> None:
        """Something is worth a line of its own."""


class NobodyWatches:
    """A run that nobody looks at."""

    def begins(self, node: Node) -> Progress:  # noqa: ARG002
        """Say nothing."""
        return Silence()

    def ends(self, node: Node, *, seconds: float, cached: bool, note: str) -> None:
        """Say nothing."""

    def judged(self, standing: Standing) -> None:
        """Say nothing."""

    def extracts(self) -> Progress:
        """Say nothing."""
        return Silence()

    def tells(self, text: str) -> None:
        """Say nothing."""
