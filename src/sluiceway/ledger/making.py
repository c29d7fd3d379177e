"""Making: what was made, by which recipe, from what. This is the cache's map and the lineage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluiceway.core.digest import plain_fields
from sluiceway.ledger.chain import Entry, Ledger

MADE, DECLARED = "made", "declared"


@dataclass(frozen=True, slots=True)
class Made:
    """That a node made an artifact by a recipe; ``sha256`` is that of the artifact's evidence as stored."""

    node: str
    recipe: str
    content_id: str
    sha256: str
    parents: Mapping[str, str]


def record_made(ledger: Ledger, made: Made, *, as_of: datetime | None) -> None:
    """Write down what was made, from what."""
    ledger.append(MADE, plain_fields(made), as_of=as_of)


def everything_made(ledger: Ledger) -> list[tuple[Entry, Made]]:
    """Return all that was made, oldest first."""
    return [(entry, Made(**entry.body)) for entry in ledger.entries(MADE)]


def record_declared(ledger: Ledger, fingerprint: str, sha256: str) -> None:
    """Write down what a project's files were read to declare, by the hash of the declaration as stored."""
    ledger.append(DECLARED, {"fingerprint": fingerprint, "sha256": sha256})


def declared(ledger: Ledger) -> dict[str, str]:
    """Return the hash of the declaration last read from each fingerprint."""
    return {entry.body["fingerprint"]: entry.body["sha256"] for entry in ledger.entries(DECLARED)}
