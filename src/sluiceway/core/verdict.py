"""Verdicts: what a gate says, criterion by criterion."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sluiceway.core.digest import digest_of
from sluiceway.core.moments import iso

Measure = float | int | str | None


class Outcome(StrEnum):
    """What can be said of one criterion, or of a whole gate, from the best to the worst."""

    PASSED = "passed"
    NO_REFERENCE = "no_reference"
    WARNED = "warned"
    OVERRIDDEN = "overridden"
    INCONCLUSIVE = "inconclusive"
    STOPPED = "stopped"

    @property
    def is_open(self) -> bool:
        """Whether work may flow on past a gate that says this."""
        return self in {Outcome.PASSED, Outcome.NO_REFERENCE, Outcome.WARNED, Outcome.OVERRIDDEN}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing a gate measured, against its limit.

    ``check`` is the digest of what was checked and against what limit: it is what an override names; without one, the
    criterion may not be overridden. The constructors take ``about``, what else a check depends on and its name does not
    say. ``valid_until`` is when the override of an overridden criterion ends (UTC).
    """

    name: str
    measured: float | int | str | None
    limit: float | int | str | None
    outcome: Outcome
    detail: str = ""
    check: str = ""
    valid_until: datetime | None = None

    @classmethod
    def judged(
        cls, name: str, *, measured: Measure, limit: Measure, passed: bool, detail: str = "", about: object = None
    ) -> "Criterion":
        """Pass or stop on a comparison that was already made. Write it so that NaN makes it false."""
        outcome = Outcome.PASSED if passed else Outcome.STOPPED
        return cls(name, measured, limit, outcome, detail, check_digest(name, limit, about))

    @classmethod
    def at_most(
        cls, name: str, *, measured: float | None, limit: float, detail: str = "", about: object = None
    ) -> "Criterion":
        """Pass when ``measured <= limit``; NaN and nothing stop."""
        passed = measured is not None and measured <= limit
        return cls.judged(name, measured=measured, limit=limit, passed=passed, detail=detail, about=about)

    @classmethod
    def at_least(
        cls, name: str, *, measured: float | None, limit: float, detail: str = "", about: object = None
    ) -> "Criterion":
        """Pass when ``measured >= limit``; NaN and nothing stop."""
        passed = measured is not None and measured >= limit
        return cls.judged(name, measured=measured, limit=limit, passed=passed, detail=detail, about=about)

    def as_json(self) -> dict[str, object]:
        """Give the shape that ``status --json`` promises."""
        return {
            "name": self.name,
            "measured": self.measured,
            "limit": self.limit,
            "verdict": self.outcome.value,
            "detail": self.detail,
            "check": self.check,
            "valid_until": iso(self.valid_until) if self.valid_until else None,
        }


def check_digest(name: str, limit: Measure, about: object = None) -> str:
    """Name a check by what it is, its limit, and what else it is ``about``, such as the version it compares with.

    Change any of them and an old override no longer fits.
    """
    return digest_of([name, limit, about])[:12]


def warned(criterion: Criterion) -> Criterion:
    """Let a criterion that stopped be told and recorded only, as whoever declared it wants."""
    return replace(criterion, outcome=Outcome.WARNED) if criterion.outcome is Outcome.STOPPED else criterion


def beyond_excuse(criterion: Criterion) -> Criterion:
    """Take a criterion's check away, so that no override fits it."""
    return replace(criterion, check="")


@dataclass(frozen=True, slots=True)
class Override:
    """A person's leave to pass one check on one dataset, for a reason and until a wall time (UTC).

    ``gate`` and ``name`` say what the check is, for people.
    """

    check: str
    subject: str
    author: str
    reason: str
    expires_at: datetime
    gate: int = 0
    name: str = ""

    def excuses(self, criterion: Criterion, subject: str, now: datetime) -> bool:
        """Tell whether this override covers the criterion on this subject at this moment."""
        return (
            bool(criterion.check)
            and self.check == criterion.check
            and self.subject == subject
            and now < self.expires_at
        )


@dataclass(frozen=True, slots=True)
class Overrides:
    """Every override on record, expired ones included; ``subject`` is the content id under judgement."""

    recorded: tuple[Override, ...] = ()

    def covering(self, criterion: Criterion, subject: str, now: datetime) -> Override | None:
        """Find the override that excuses a criterion for longest, if any does."""
        fitting = [override for override in self.recorded if override.excuses(criterion, subject, now)]
        return max(fitting, key=lambda override: override.expires_at, default=None)


NO_OVERRIDES = Overrides()


def overridden(criterion: Criterion, override: Override) -> Criterion:
    """Let a closed criterion pass until the override's end, and say who answers for it and why."""
    why = f"overridden by {override.author}: {override.reason}"
    detail = f"{criterion.detail}; {why}".lstrip("; ")
    return replace(criterion, outcome=Outcome.OVERRIDDEN, detail=detail, valid_until=override.expires_at)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A gate's answer. Closed unless every criterion is open, and closed when nothing was measured."""

    criteria: tuple[Criterion, ...]

    @classmethod
    def of(cls, criteria: Iterable[Criterion], overrides: Overrides, now: datetime, *, subject: str = "") -> "Verdict":
        """Apply the overrides that still hold to closed criteria."""
        judged = []
        for criterion in criteria:
            override = None if criterion.outcome.is_open else overrides.covering(criterion, subject, now)
            judged.append(criterion if override is None else overridden(criterion, override))
        if not judged:
            judged = [Criterion("evidence", measured="nothing was measured", limit=None, outcome=Outcome.STOPPED)]
        return cls(tuple(judged))

    @property
    def valid_until(self) -> datetime | None:
        """When the first of its overrides ends (UTC); ``None`` without one."""
        return min((each.valid_until for each in self.criteria if each.valid_until is not None), default=None)

    @property
    def outcome(self) -> Outcome:
        """The worst that any criterion says."""
        order = list(Outcome)
        return max((criterion.outcome for criterion in self.criteria), key=order.index)

    @property
    def is_open(self) -> bool:
        """Whether work may flow on."""
        return self.outcome.is_open

    @property
    def closed(self) -> tuple[Criterion, ...]:
        """The criteria that hold the gate shut."""
        return tuple(criterion for criterion in self.criteria if not criterion.outcome.is_open)
