"""Overriding: a person's leave to pass a check, on record."""

from sluiceway.core.digest import plain_fields
from sluiceway.core.moments import parse_moment
from sluiceway.core.verdict import Override, Overrides
from sluiceway.ledger.chain import Entry, Ledger

OVERRIDE = "override"


def overrides(ledger: Ledger) -> Overrides:
    """Collect every override on record, expired ones included."""
    return Overrides(tuple(read_override(entry) for entry in ledger.entries(OVERRIDE)))


def read_override(entry: Entry) -> Override:
    """Read an override back."""
    body = entry.body
    return Override(body["check"], body["subject"], body["author"], body["reason"], parse_moment(body["expires_at"]))


def record_override(ledger: Ledger, override: Override) -> Entry:
    """Write an override down."""
    return ledger.append(OVERRIDE, plain_fields(override))
