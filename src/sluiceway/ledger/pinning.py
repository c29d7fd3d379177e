"""Pinning: names that people give to dataset versions, and that keep what they name."""

from sluiceway.ledger.chain import Entry, Ledger

PIN = "pin"


def record_pin(ledger: Ledger, name: str, version: str, *, author: str) -> Entry:
    """Write down that a name stands for a dataset version (content id), and no longer for another."""
    return ledger.append(PIN, {"name": name, "version": version, "author": author})


def record_unpin(ledger: Ledger, name: str, *, author: str) -> Entry:
    """Write down that a name stands for nothing any more."""
    return ledger.append(PIN, {"name": name, "version": None, "author": author})


def pins(ledger: Ledger) -> dict[str, str]:
    """Return the content id that each name stands for now."""
    named = {entry.body["name"]: entry.body["version"] for entry in ledger.entries(PIN)}
    return {name: version for name, version in sorted(named.items()) if version is not None}
