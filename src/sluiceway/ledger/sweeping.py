"""Sweeping: which dataset versions were removed from the stores, and when."""

from collections.abc import Collection

from sluiceway.ledger.chain import Entry, Ledger
from sluiceway.ledger.making import MADE

SWEPT, INGEST = "swept", "ingest"


def record_swept(ledger: Ledger, *, versions: Collection[str], objects: int, tables: int, size_bytes: int) -> Entry:
    """Write down what is about to be removed: dataset versions by content id, and how much of what.

    It is written before the first byte goes: a kill in between leaves versions that are said to be gone and are there
    in part, which the next sweep ends; the other order would leave versions that are said to be there and are not.
    """
    body = {"versions": sorted(versions), "objects": objects, "tables": tables, "size_bytes": size_bytes}
    return ledger.append(SWEPT, body)


def swept(ledger: Ledger) -> dict[str, str]:
    """Return when each dataset version that is no longer there was removed (wall time, ISO).

    One that was ingested again since is there.
    """
    gone: dict[str, str] = {}
    for entry in ledger.entries(SWEPT, MADE):
        if entry.kind == SWEPT:
            gone |= dict.fromkeys(entry.body["versions"], entry.recorded_at)
        elif entry.body["node"] == INGEST:
            gone.pop(entry.body["content_id"], None)
    return gone
