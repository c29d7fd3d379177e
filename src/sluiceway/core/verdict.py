"""Verdicts: what a gate says, criterion by criterion."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sluiceway.core.digest import digest_of

Measure = float | int | str | None


class Outcome(StrEnum):
    """What can be said of one criterion, or of a whole gate."""

    PASSED = "passed"
    OVERRIDDEN = "overridden"
    NO_REFERENCE = "no_reference"
    INCONCLUSIVE = "inconclusive"
    STOPPED = "stopped"

    @property
    def is_open(self) -> bool:
        """Whether work may flow on past a gate that says this."""
        return self in {Outcome.PASSED, Outcome.OVERRIDDEN, Outcome.NO_REFERENCE}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing a gate measured, against its limit.

    ``check`` is the digest of what was checked and against what limit: it is what an override names.
    """

    name: str
    measured: float | int | str | None
    limit: float | int | str | None
    outcome: Outcome
    detail: str = ""
    check: str = ""

    @classmethod
    def judged(cls, name: str, *, measured: Measure, limit: Measure, passed: bool, detail: str = "") -> "Criterion":
        """Pass or stop on a comparison that was already made. Write it so that NaN makes it false."""
        outcome = Outcome.PASSED if passed else Outcome.STOPPED
        return cls(name, measured, limit, outcome, detail, check_digest(name, limit))

    @classmethod
    def at_most(cls, name: str, *, measured: float | None, limit: float, detail: str = "") -> "Criterion":
        """Pass when ``measured <= limit``; NaN and nothing stop."""
        passed = measured is not None and measured <= limit
        return cls.judged(name, measured=measured, limit=limit, passed=passed, detail=detail)

    @classmethod
    def at_least(cls, name: str, *, measured: float | None, limit: float, detail: str = "") -> "Criterion":
        """Pass when ``measured >= limit``; NaN and nothing stop."""
        passed = measured is not None and measured >= limit
        return cls.judged(name, measured=measured, limit=limit, passed=passed, detail=detail)

    def as_json(self) -> dict[str, object]:
        """Give the shape that ``status --json`` promises."""
        return {
            "name": self.name,
            "measured": self.measured,
            "limit": self.limit,
            "verdict": self.outcome.value,
            "detail": self.detail,
            "check": self.check,
        }


def check_digest(name: str, limit: Measure) -> str:
    """Name a check by what it is and its limit: loosen the limit and an old override no longer fits."""
    return digest_of([name, limit])[:12]


@dataclass(frozen=True, slots=True)
class Override:
    """A person's leave to pass one check on one dataset, for a reason and until a wall time (UTC)."""

    check: str
    subject: str
    author: str
    reason: str
    expires_at: datetime

    def excuses(self, criterion: Criterion, subject: str, now: datetime) -> bool:
        """Tell whether this override covers the criterion on this subject at this moment."""
        return self.check == criterion.check and self.subject == subject and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Overrides:
    """Every override on record, expired ones included; ``subject`` is the content id under judgement."""

    recorded: tuple[Override, ...] = ()

    def covering(self, criterion: Criterion, subject: str, now: datetime) -> Override | None:
        """Find the override that excuses a criterion for longest, if any does."""
        fitting = [override for override in self.recorded if override.excuses(criterion, subject, now)]
        return max(fitting, key=lambda override: override.expires_at, default=None)


NO_OVERRIDES = Overrides()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A gate's answer. Closed unless every criterion is open, and closed when nothing was measured."""

    criteria: tuple[Criterion, ...]
    valid_until: datetime | None = None

    @classmethod
    def of(cls, criteria: Iterable[Criterion], overrides: Overrides, now: datetime, *, subject: str = "") -> "Verdict":
        """Apply the overrides that still hold to closed criteria."""
        judged, ends = [], []
        for criterion in criteria:
            override = None if criterion.outcome.is_open else overrides.covering(criterion, subject, now)
            if override is None:
                judged.append(criterion)
                continue
            why = f"overridden by {override.author}: {override.reason}"
            judged.append(
                replace(criterion, outcome=Outcome.OVERRIDDEN, detail=f"{criterion.detail}; {why}".lstrip("; "))
            )
            ends.append(override.expires_at)
        if not judged:
            judged = [Criterion("evidence", measured="nothing was measured", limit=None, outcome=Outcome.STOPPED)]
        return cls(tuple(judged), min(ends, default=None))

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
