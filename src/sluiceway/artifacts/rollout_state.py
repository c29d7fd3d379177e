"""The rollout's state: who answers, whom a share of the traffic tries out, and how it came to that."""

from dataclasses import dataclass
from datetime import datetime

LIVE, REHEARSAL = "live", "rehearsal"


@dataclass(frozen=True, slots=True)
class Served:
    """A version that may answer. ``key`` is the object that holds its bundle as JSON, ``sha256`` that object's digest.

    ``version`` is what responses say: ``v3``, or ``v3-baseline`` for the baseline that stands in for a champion.
    """

    version: str
    role: str
    bundle: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Who answers in one scope, ``live`` or ``rehearsal``.

    ``share`` of the entities (0 to 1) is answered by the challenger, at ``step`` of ``ramp``, since ``since`` (UTC;
    virtual in a rehearsal); each step lasts at least ``hold_s`` seconds, and ``min_requests`` of the challenger.
    ``by`` names the request columns whose values decide the arm; none stands for all entities. ``previous`` is the
    champion to roll back to. ``sequence`` grows with every change. ``reason`` says what the last change was and why.
    """

    scope: str
    champion: Served
    sequence: int
    since: datetime
    reason: str
    challenger: Served | None = None
    share: float = 0.0
    step: int = 0
    ramp: tuple[float, ...] = ()
    hold_s: float = 0.0
    by: tuple[str, ...] = ()
    previous: Served | None = None
    min_requests: int = 0
