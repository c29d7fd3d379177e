"""Overriding: a person's leave to pass a check, on record."""

from typing import Any

from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.core.digest import plain_fields
from sluiceway.core.moments import parse_moment
from sluiceway.core.verdict import Outcome, Override, Overrides
from sluiceway.ledger.chain import Entry, Ledger
from sluiceway.ledger.standing import VERDICT, Standing, read_standing, standing_on

OVERRIDE = "override"


def overrides(ledger: Ledger) -> Overrides:
    """Collect every override on record, expired ones included."""
    return Overrides(tuple(read_override(entry) for entry in ledger.entries(OVERRIDE)))


def read_override(entry: Entry) -> Override:
    """Read an override back."""
    body = entry.body
    ends, gate, name = parse_moment(body["expires_at"]), body.get("gate", 0), body.get("name", "")
    return Override(body["check"], body["subject"], body["author"], body["reason"], ends, gate, name)


def record_override(ledger: Ledger, override: Override) -> Entry:
    """Write an override down."""
    return ledger.append(OVERRIDE, plain_fields(override))


def judged_last(ledger: Ledger, stage: str) -> list[Standing]:
    """Find what a stage's gate said last: in a run, and, of each version, of live traffic; the newest last."""
    newest = _newest(ledger, stage)
    runs = [entry for entry in newest if entry.body["scope"] != LIVE]
    return [read_standing(entry) for entry in newest if entry.body["scope"] == LIVE or entry is runs[-1]]


def resting_on(ledger: Ledger, candidate: str) -> list[dict[str, Any]]:
    """List the criteria that are overridden where a candidate (content id) stands, gate by gate."""
    trained = standing_on(ledger, "train", candidate)
    validated = None if trained is None else standing_on(ledger, "validate", trained.upstream.get("validate", ""))
    judged = [read_standing(entry) for stage in ("deploy", "observe") for entry in _newest(ledger, stage)]
    about = [standing for standing in judged if standing.upstream.get("train") == candidate]
    return [
        {"gate": standing.gate, "scope": standing.scope, **criterion.as_json()}
        for standing in (*filter(None, [validated]), *about)
        for criterion in standing.verdict.criteria
        if criterion.outcome is Outcome.OVERRIDDEN
    ]


def _newest(ledger: Ledger, stage: str) -> list[Entry]:
    """Find the newest verdict on each candidate in each scope; live, a model stands apart from its baseline."""
    newest = {_about(entry): entry for entry in ledger.entries(VERDICT) if entry.body["stage"] == stage}
    return sorted(newest.values(), key=lambda entry: entry.sequence)


def _about(entry: Entry) -> tuple[str, ...]:
    body = entry.body
    about = (str(body["scope"]), str(body["upstream"].get("train")))
    if body["scope"] != LIVE:
        return about
    return (*about, next((each["check"] for each in body["criteria"] if each["check"]), ""))
