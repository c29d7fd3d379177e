"""Records: what the product writes into the ledger, and how it reads it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sluiceway.core.digest import plain_fields
from sluiceway.core.moments import parse_moment
from sluiceway.core.verdict import Criterion, Outcome, Override, Overrides, Verdict
from sluiceway.ledger.chain import Entry, Ledger

MADE, VERDICT, OVERRIDE, RUN, PUBLISHED = "made", "verdict", "override", "run", "published"


@dataclass(frozen=True, slots=True)
class Standing:
    """A gate's newest verdict: on which artifact, with which artifacts above it (content ids by stage)."""

    gate: int
    stage: str
    artifact: str
    upstream: Mapping[str, str]
    verdict: Verdict
    scope: str | None
    sequence: int

    def at(self, now: datetime) -> Verdict:
        """The verdict as it holds at a wall time: an override that has run out no longer opens."""
        if self.verdict.valid_until is None or now < self.verdict.valid_until:
            return self.verdict
        lapsed = tuple(lapse(criterion) for criterion in self.verdict.criteria)
        return Verdict(lapsed)


def lapse(criterion: Criterion) -> Criterion:
    """Close a criterion whose override may have run out; a new judgement says which did."""
    if criterion.outcome is not Outcome.OVERRIDDEN:
        return criterion
    detail = f"{criterion.detail}; the override has expired"
    return Criterion(criterion.name, criterion.measured, criterion.limit, Outcome.STOPPED, detail, criterion.check)


def record_verdict(ledger: Ledger, standing: Standing, *, as_of: datetime | None) -> Standing:
    """Write a verdict down, unless the newest one of its gate says the very same."""
    latest = standings(ledger).get(standing.stage)
    if latest is not None and verdict_body(latest) == verdict_body(standing):
        return latest
    entry = ledger.append(VERDICT, verdict_body(standing), as_of=as_of)
    return read_standing(entry)


def verdict_body(standing: Standing) -> dict[str, Any]:
    """Give a verdict the form it has in the ledger."""
    verdict = standing.verdict
    body = {
        "gate": standing.gate,
        "stage": standing.stage,
        "artifact": standing.artifact,
        "upstream": standing.upstream,
        "scope": standing.scope,
        "verdict": verdict.outcome,
        "valid_until": verdict.valid_until,
        "criteria": [criterion.as_json() for criterion in verdict.criteria],
    }
    return plain_fields(body)


def read_standing(entry: Entry) -> Standing:
    """Read a verdict back."""
    body = entry.body
    criteria = tuple(
        Criterion(c["name"], c["measured"], c["limit"], Outcome(c["verdict"]), c["detail"], c["check"])
        for c in body["criteria"]
    )
    until = parse_moment(body["valid_until"]) if body["valid_until"] else None
    verdict = Verdict(criteria, until)
    return Standing(
        body["gate"], body["stage"], body["artifact"], body["upstream"], verdict, body["scope"], entry.sequence
    )


def standings(ledger: Ledger) -> dict[str, Standing]:
    """Find each stage's newest verdict."""
    newest = {entry.body["stage"]: entry for entry in ledger.entries(VERDICT)}
    return {stage: read_standing(entry) for stage, entry in newest.items()}


def overrides(ledger: Ledger) -> Overrides:
    """Collect every override on record."""
    return Overrides(tuple(read_override(entry) for entry in ledger.entries(OVERRIDE)))


def read_override(entry: Entry) -> Override:
    """Read an override back."""
    body = entry.body
    until = parse_moment(body["expires_at"])
    return Override(body["check"], body["subject"], body["author"], body["reason"], until)


def record_override(ledger: Ledger, override: Override) -> Entry:
    """Write an override down."""
    body = plain_fields(override)
    return ledger.append(OVERRIDE, body)


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
    body = plain_fields(made)
    ledger.append(MADE, body, as_of=as_of)


def everything_made(ledger: Ledger) -> list[tuple[Entry, Made]]:
    """Return all that was made, oldest first."""
    return [(entry, Made(**entry.body)) for entry in ledger.entries(MADE)]


def everything_published(ledger: Ledger) -> dict[str, Mapping[str, Any]]:
    """Return what was told to the world, by the artifact's content id: a model's name and version."""
    return {entry.body["artifact"]: entry.body for entry in ledger.entries(PUBLISHED)}
