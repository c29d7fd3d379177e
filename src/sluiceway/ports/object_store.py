"""Objects: bytes under a key."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object's key, its size, and when it was last written (UTC). ``tag`` changes when the object does."""

    key: str
    size_bytes: int
    modified_at: datetime
    tag: str = ""


class ObjectStore(Protocol):
    """Bytes by key; keys are relative paths with ``/``. Safe to share between threads and processes.

    A write is atomic: readers see all of it or nothing, also after a kill. The last of two writers wins.
    """

    def put(self, key: str, data: bytes | Iterable[bytes]) -> None:
        """Store bytes, or a stream of them, replacing what was there."""

    def get(self, key: str) -> bytes:
        """Return an object whole. Raises ``UnknownObjectError`` when there is none."""

    def stream(self, key: str) -> Iterator[bytes]:
        """Yield an object in chunks of at most a few MiB. Raises ``UnknownObjectError`` when there is none."""

    def has(self, key: str) -> bool:
        """Tell whether there is such an object."""

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """Return what lies under a folder (or everything), or the one object of that very key, sorted by key."""
