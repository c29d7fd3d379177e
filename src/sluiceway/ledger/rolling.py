"""Rolling: every change of who answers, on record before it is shown to a server."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from sluiceway.artifacts.rollout_state import LIVE, REHEARSAL, RolloutState
from sluiceway.core.digest import plain_fields
from sluiceway.core.errors import DamagedError
from sluiceway.core.verdict import Criterion
from sluiceway.ledger.chain import Entry, Ledger
from sluiceway.ledger.standing import VERDICT, Standing, live_standings, read_criterion, read_standing

ROLLOUT, DEPLOY = "rollout", "deploy"


@dataclass(frozen=True, slots=True)
class Transition:
    """A change by its name (``start``, ``promote`` and so on), and the state that it led to.

    ``evidence`` is the content id of the report that it rests upon, and ``criteria`` what was judged of it; both are
    empty where a person just wanted it, and ``author`` says who that was.
    """

    name: str
    state: RolloutState
    evidence: str = ""
    criteria: tuple[Criterion, ...] = ()
    author: str = ""


def record_transition(ledger: Ledger, transition: Transition, *, as_of: datetime | None = None) -> Entry:
    """Write a change down."""
    judged = [criterion.as_json() for criterion in transition.criteria]
    body = {**plain_fields(transition), "scope": transition.state.scope, "criteria": judged}
    return ledger.append(ROLLOUT, plain_fields(body), as_of=as_of)


def transitions(ledger: Ledger, scope: str) -> Iterator[Transition]:
    """Yield every change in a scope, ``live`` or ``rehearsal``, oldest first.

    Raises:
        DamagedError: an entry holds no state.
    """
    for entry in ledger.entries(ROLLOUT):
        if entry.body["scope"] == scope:
            yield read_transition(entry)


def read_transition(entry: Entry) -> Transition:
    """Read a change back.

    Raises:
        DamagedError: the entry holds no state.
    """
    body = entry.body
    try:
        state = msgspec.convert(body["state"], RolloutState)
        judged = tuple(read_criterion(fields) for fields in body["criteria"])
        return Transition(body["name"], state, body["evidence"], judged, body["author"])
    except (msgspec.ValidationError, KeyError) as error:
        raise DamagedError(f"ledger entry {entry.sequence} holds no rollout: {error}") from None


def current(ledger: Ledger, scope: str) -> RolloutState | None:
    """Return who answers in a scope now; ``None`` before anybody does."""
    states = [entry for entry in ledger.entries(ROLLOUT) if entry.body["scope"] == scope]
    return read_transition(states[-1]).state if states else None


def live_in_force(ledger: Ledger) -> dict[str, Standing]:
    """Keep the newest verdicts on live traffic that still stand.

    What gate 6 said of a canary stands until a person takes another turn: starts one, ends it or goes back. A look that
    was under way when a person ended the canary may have been put on record behind that: it does not stand either.
    """
    kept = live_standings(ledger)
    changes = [entry for entry in ledger.entries(ROLLOUT) if entry.body["scope"] == LIVE]
    turns = [entry for entry in changes if not entry.body["evidence"]]
    if DEPLOY in kept and turns:
        is_over = changes[-1] is turns[-1] and turns[-1].body["state"]["challenger"] is None
        if is_over or kept[DEPLOY].sequence < turns[-1].sequence:
            del kept[DEPLOY]
    return kept


def rehearsed_on(ledger: Ledger, candidate: str) -> Standing | None:
    """Find what gate 6 said last of a candidate (content id) in a rehearsal."""
    found = [
        entry
        for entry in ledger.entries(VERDICT)
        if entry.body["scope"] == REHEARSAL and entry.body["upstream"].get("train") == candidate
    ]
    rehearsed = [entry for entry in found if entry.body["stage"] == DEPLOY]
    return read_standing(rehearsed[-1]) if rehearsed else None
