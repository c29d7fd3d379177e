"""Standings: what each gate said last, and of what."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.core.digest import plain_fields
from sluiceway.core.moments import parse_moment
from sluiceway.core.verdict import Criterion, Outcome, Verdict
from sluiceway.ledger.chain import Entry, Ledger

VERDICT = "verdict"


@dataclass(frozen=True, slots=True)
class Standing:
    """A gate's verdict: on which artifact, with which artifacts above it (content ids by stage).

    ``scope`` is ``rehearsal`` or ``live`` where a gate judges a service, else ``None``.
    """

    gate: int
    stage: str
    artifact: str
    upstream: Mapping[str, str]
    verdict: Verdict
    scope: str | None
    sequence: int

    def at(self, now: datetime) -> Verdict:
        """The verdict as it holds at a wall time: a criterion whose override has run out is closed again."""
        return Verdict(tuple(lapsed(criterion, now) for criterion in self.verdict.criteria))


def lapsed(criterion: Criterion, now: datetime) -> Criterion:
    """Close a criterion whose override has run out by a wall time."""
    if criterion.outcome is not Outcome.OVERRIDDEN or criterion.valid_until is None or now < criterion.valid_until:
        return criterion
    detail = f"{criterion.detail}; the override has expired"
    return replace(criterion, outcome=Outcome.STOPPED, detail=detail, valid_until=None)


def record_verdict(ledger: Ledger, standing: Standing, *, as_of: datetime | None) -> Standing:
    """Write a verdict down, unless the newest one of its gate and scope says the very same."""
    of_stage = live_standings(ledger) if standing.scope == LIVE else standings(ledger)
    latest = of_stage.get(standing.stage)
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
        "criteria": [criterion.as_json() for criterion in verdict.criteria],
    }
    return plain_fields(body)


def read_standing(entry: Entry) -> Standing:
    """Read a verdict back."""
    body = entry.body
    verdict = Verdict(tuple(read_criterion(fields) for fields in body["criteria"]))
    return Standing(
        body["gate"], body["stage"], body["artifact"], body["upstream"], verdict, body["scope"], entry.sequence
    )


def read_criterion(fields: Mapping[str, Any]) -> Criterion:
    """Read one criterion back."""
    until = parse_moment(fields["valid_until"]) if fields["valid_until"] else None
    return Criterion(
        fields["name"],
        fields["measured"],
        fields["limit"],
        Outcome(fields["verdict"]),
        fields["detail"],
        fields["check"],
        until,
    )


def standings(ledger: Ledger) -> dict[str, Standing]:
    """Find each stage's newest verdict in a run; what live traffic said stands apart."""
    newest = {entry.body["stage"]: entry for entry in ledger.entries(VERDICT) if entry.body["scope"] != LIVE}
    return {stage: read_standing(entry) for stage, entry in newest.items()}


def live_standings(ledger: Ledger) -> dict[str, Standing]:
    """Find each stage's newest verdict on live traffic."""
    newest = {entry.body["stage"]: entry for entry in ledger.entries(VERDICT) if entry.body["scope"] == LIVE}
    return {stage: read_standing(entry) for stage, entry in newest.items()}


def standing_on(ledger: Ledger, stage: str, artifact: str) -> Standing | None:
    """Find the newest verdict of a stage's gate on one artifact (content id)."""
    found = [entry for entry in ledger.entries(VERDICT) if entry.body["stage"] == stage]
    judged = [entry for entry in found if entry.body["artifact"] == artifact]
    return read_standing(judged[-1]) if judged else None


def in_force(ledger: Ledger, now: datetime) -> dict[str, Standing]:
    """Keep the newest verdicts that belong together: each on what stands above it now, none behind a closed gate."""
    kept: dict[str, Standing] = {}
    for standing in sorted(standings(ledger).values(), key=lambda found: found.gate):
        follows = standing.gate == len(kept) + 1
        if not follows or any(kept[name].artifact != made for name, made in standing.upstream.items() if name in kept):
            break
        kept[standing.stage] = standing
        if not standing.at(now).is_open:
            break
    return kept
