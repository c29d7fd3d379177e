"""Rolling: every change of who answers, on record before it is shown to a server."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.core.digest import plain_fields
from sluiceway.core.errors import DamagedError
from sluiceway.ledger.chain import Entry, Ledger

ROLLOUT = "rollout"


@dataclass(frozen=True, slots=True)
class Transition:
    """A change by its name (``start``, ``promote`` and so on), and the state that it led to.

    ``evidence`` is the content id of what it rests upon, empty where a person just wanted it; ``author`` who that was.
    """

    name: str
    state: RolloutState
    evidence: str = ""
    author: str = ""


def record_transition(ledger: Ledger, transition: Transition, *, as_of: datetime | None = None) -> Entry:
    """Write a change down."""
    return ledger.append(ROLLOUT, {"scope": transition.state.scope, **plain_fields(transition)}, as_of=as_of)


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
        return Transition(body["name"], state, body["evidence"], body["author"])
    except (msgspec.ValidationError, KeyError) as error:
        raise DamagedError(f"ledger entry {entry.sequence} holds no rollout: {error}") from None


def current(ledger: Ledger, scope: str) -> RolloutState | None:
    """Return who answers in a scope now; ``None`` before anybody does."""
    states = [entry for entry in ledger.entries(ROLLOUT) if entry.body["scope"] == scope]
    return read_transition(states[-1]).state if states else None
