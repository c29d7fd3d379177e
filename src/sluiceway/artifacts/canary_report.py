"""Stage 6's artifact: what a canary showed, in a rehearsal or live."""

from dataclasses import dataclass
from datetime import datetime

from sluiceway.artifacts.rollout_state import LIVE, Served
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.digest import digest_of


@dataclass(frozen=True, slots=True)
class CanaryStep:
    """One step of the ramp: the challenger's share (0 to 1), from when until when (virtual in a rehearsal)."""

    share: float
    began: datetime
    ended: datetime
    requests: int
    canary_requests: int
    canary_failures: int


@dataclass(frozen=True, slots=True)
class Bounded:
    """An estimate with its one-sided 95 % bounds; ``None`` where too little was seen to say.

    A bound that can stop a canary holds at every look at once; one that only certifies may hold at a single look.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ArmEvidence:
    """How one arm did. A failure is a request that the arm could not answer, also where the champion stepped in.

    ``success`` is a share, 0 to 1; its low bound and the high one of ``p99_ms`` hold at one look, all others at every
    look at once. ``p99_ms`` is of milliseconds inside the server, from the whole request
    to its answer, with what it waited for there; ``work_ms`` is the median of the work on it alone.
    """

    version: str
    requests: int
    failures: int
    errors: tuple[str, ...]
    success: Bounded
    work_ms: Bounded
    p99_ms: Bounded


@dataclass(frozen=True, slots=True)
class QualityEvidence:
    """Challenger against champion on the canary's rows whose outcome has matured, both scored on the logged vectors.

    ``difference`` is the challenger's log loss less the champion's, per row, with anytime-valid bounds;
    ``margin`` is how much worse may pass. ``cost`` is per row in the spec's currency.
    """

    rows: int
    positives: int
    champion_log_loss: float | None
    challenger_log_loss: float | None
    champion_cost: float | None
    challenger_cost: float | None
    difference: Bounded
    margin: float | None


@dataclass(frozen=True, slots=True)
class SplitEvidence:
    """Whether the arms got the share they should: entities seen, on the challenger's arm, and the test's p-value.

    The p-value holds at every look at once.
    """

    entities: int
    on_challenger: int
    expected: float
    p_value: float | None


@dataclass(frozen=True, slots=True)
class SkewEvidence:
    """Logged feature vectors beside those computed offline as of each request; ``examples`` name what differs.

    ``unequal`` maps each feature that differs to how many rows do.
    """

    rows: int
    values: int
    unequal: dict[str, int]
    examples: tuple[str, ...]

    @property
    def differing(self) -> int:
        """How many values differ."""
        return sum(self.unequal.values())


@dataclass(frozen=True, slots=True)
class Unread:
    """Lines of the log that could not be read and count nowhere, and where the first of them is."""

    lines: int = 0
    first: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What was known at one moment: the canary's requests, the share it answered, and the difference in log loss."""

    at: datetime
    requests: int
    success: Bounded
    difference: Bounded


@dataclass(frozen=True, slots=True)
class TrafficSpan:
    """When the first and the last canary request arrived (wall time, UTC), and the longest silence between two (s)."""

    first: datetime
    last: datetime
    longest_silence_s: float

    @property
    def hours(self) -> float:
        """From the first to the last."""
        return (self.last - self.first).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """Everything about one canary. ``scope`` is ``rehearsal`` or ``live``.

    ``ended_by`` is ``promoted``, ``aborted`` or ``running`` (the traffic ended first), ``reason`` says why in words.
    ``requests`` is the table of logged requests; ``began`` to ``ended`` is the canary, ``until`` the log's end.
    ``looks`` are the moments at which it was judged. ``answers`` identifies what was asked and answered, without what
    differs from run to run. ``traffic`` is when live canary requests arrived: live, nobody promises that somebody asks.
    ``beside`` says why a rehearsal's champion is not the live one, if it is not.
    """

    scope: str
    dataset: str
    champion: Served
    challenger: Served
    began: datetime
    ended: datetime
    until: datetime
    ended_by: str
    reason: str
    steps: tuple[CanaryStep, ...]
    champion_arm: ArmEvidence
    challenger_arm: ArmEvidence
    quality: QualityEvidence
    split: SplitEvidence
    skew: SkewEvidence | None
    requests: TableRef
    looks: tuple[Look, ...] = ()
    answers: str = ""
    unread: Unread = Unread()
    traffic: TrafficSpan | None = None
    beside: str = ""

    @property
    def hours(self) -> float:
        """How long canary traffic was answered: live by its arrival, in a rehearsal as long as the canary lasted."""
        if self.scope == LIVE:
            return 0.0 if self.traffic is None else self.traffic.hours
        return (self.ended - self.began).total_seconds() / 3600

    @property
    def content_id(self) -> str:
        """Identify what was answered to whom; never how long it took."""
        who = [self.scope, self.dataset, self.champion.bundle, self.challenger.bundle, self.began, self.ended]
        seen = [self.ended_by, self.steps, self.quality, self.split, self.skew, self.answers]
        return digest_of(["canary", *who, *seen])
