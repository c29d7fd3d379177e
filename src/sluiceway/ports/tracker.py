"""The tracker: runs for people to compare, and the registry of models."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """What is recorded of one training. ``identity`` is the candidate's content id; ``files`` maps names to bytes."""

    experiment: str
    identity: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """One version in the registry. ``identity`` is the candidate's content id, ``bundle`` its bundle's."""

    name: str
    version: int
    identity: str
    bundle: str
    registered_at: datetime
    aliases: tuple[str, ...]
    tags: Mapping[str, str]


class Tracker(Protocol):
    """Records runs and registers models. One writer process at a time.

    Both writes are idempotent by identity: recording or registering the same candidate again changes nothing, so a kill
    between the two is repaired by doing both again.
    """

    def record(self, run: TrackedRun) -> str:
        """Record a run unless its identity is already there; return the tracker's id of it."""

    def register(self, name: str, *, identity: str, bundle: str, tags: Mapping[str, str]) -> RegisteredModel:
        """Make a new version of a model, or find the one with this identity. The run must have been recorded."""

    def versions(self, name: str | None = None) -> list[RegisteredModel]:
        """Return the versions of one model or of all, newest first."""

    def knows(self, identity: str) -> bool:
        """Tell, quickly, whether some model's version has this identity."""

    def alias(self, name: str, version: int, alias: str) -> None:
        """Point an alias such as ``candidate`` at a version, and away from the one that had it."""
