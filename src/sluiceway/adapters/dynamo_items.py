"""Items of the online store in DynamoDB: how values, generations and what counts are written.

Values lie under ``view/generation/bucket`` and their key, with the value ``v`` and its stamp ``s``. Under the view and
``now`` lies the generation ``g`` that counts, and its snapshot ``n``. Under ``generations`` and ``view/generation``
lies when each was begun (``t``), when another took its place (``e``), and its size in bytes (``b``).
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from sluiceway.core.errors import MisuseError
from sluiceway.ports.online_store import STAMP_BYTES

BUCKETS = 16
LONGEST_KEY = 1023
MOST_BYTES = 400 * 1024 - 1024  # what an item may have, less room for names and the key
NOW, GENERATIONS = b"now", "generations"
KNOWN_S, GRACE_S, ABANDONED_S = 1.0, 60.0, 3600.0


class Current(NamedTuple):
    """Which generation of a view counts, and what its values are of."""

    generation: str
    snapshot: str


class Generation(NamedTuple):
    """A generation as it is on record; ``ended`` is 0 until another took its place."""

    view: str
    name: str
    begun: float
    ended: float
    size_bytes: int


def fitting(items: Sequence[tuple[bytes, bytes]]) -> Sequence[tuple[bytes, bytes]]:
    """Refuse what no item can hold.

    Raises:
        MisuseError: a value is too large.
    """
    for _, value in items:
        if len(value) > MOST_BYTES:
            raise MisuseError(
                f"a packed value of {len(value):,} bytes does not fit DynamoDB, whose items have {MOST_BYTES:,} at "
                "most; give the view fewer or shorter features, or use another online store"
            )
    return items


def place_of(view: str, generation: str, key: bytes) -> tuple[str, bytes]:
    """Name a value's item: spread over buckets, as one alone would be too busy."""
    digest = sha256(key).digest()
    return f"{view}/{generation}/{digest[0] % BUCKETS}", b"k" + key if len(key) <= LONGEST_KEY else b"h" + digest


def buckets(view: str, generation: str) -> list[str]:
    """Name where a generation's values lie."""
    return [f"{view}/{generation}/{number}" for number in range(BUCKETS)]


def item_of(view: str, generation: str, key: bytes, value: bytes) -> dict[str, Any]:
    """Write a value as an item."""
    place, sort = place_of(view, generation, key)
    return {"p": {"S": place}, "k": {"B": sort}, "v": {"B": value}, "s": {"B": value[:STAMP_BYTES]}}


def current_item(view: str, current: Current) -> dict[str, Any]:
    """Write which generation counts as an item."""
    return {"p": {"S": view}, "k": {"B": NOW}, "g": {"S": current.generation}, "n": {"S": current.snapshot}}


def generation_item(made: Generation) -> dict[str, Any]:
    """Write a generation's record as an item."""
    told = {"t": {"N": repr(made.begun)}, "e": {"N": repr(made.ended)}, "b": {"N": str(made.size_bytes)}}
    place, sort = record_of(made)
    return {"p": {"S": place}, "k": {"B": sort}, **told}


def record_of(generation: Generation) -> tuple[str, bytes]:
    """Name a generation's record."""
    return GENERATIONS, f"{generation.view}/{generation.name}".encode()


def generation_of(item: dict[str, Any]) -> Generation:
    """Read a generation's record."""
    view, _, name = item["k"]["B"].decode().rpartition("/")
    return Generation(view, name, float(item["t"]["N"]), float(item["e"]["N"]), int(item["b"]["N"]))
