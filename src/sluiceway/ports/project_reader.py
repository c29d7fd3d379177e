"""The project reader: the user's folder, as a declaration."""

from typing import Protocol

from sluiceway.declare.project import Project


class ProjectReader(Protocol):
    """Reads what the user wrote. ``load`` runs the user's code; ``fingerprint`` runs none."""

    def fingerprint(self) -> str:
        """Identify the files of the declaration and the environment, quickly and without importing any of them."""

    def load(self) -> Project:
        """Read the declaration whole. Raises ``DeclarationError`` with every problem found."""
