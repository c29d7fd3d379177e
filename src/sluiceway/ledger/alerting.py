"""Alerting: what was told to whom, what could not be delivered, and whether the model should be trained again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sluiceway.artifacts.health_report import ALERT, Alert, HealthReport, Window
from sluiceway.core.digest import plain_fields
from sluiceway.core.moments import iso
from sluiceway.ledger.chain import Ledger

ALERTED, RETRAIN = "alert", "retrain"

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about: once told of it, a place is not told again.

    ``began`` is the window's first moment (UTC); a window that goes on keeps its first moment.
    """

    scope: str
    bundle: str
    window: str
    began: datetime
    kind: str
    subject: str

    @classmethod
    def of(cls, report: HealthReport, window: Window, alert: Alert, *, every: str) -> "Subject":
        """Name what an alert of a report is about; ``every`` is the length of its windows."""
        return cls(report.scope, report.bundle, every, window.began, alert.kind, alert.subject)

    @property
    def key(self) -> Key:
        """The same in plain text."""
        return (self.scope, self.bundle, self.window, iso(self.began), self.kind, self.subject)


def record_alert(
    ledger: Ledger,
    subject: Subject,
    alert: Alert,
    *,
    told: Sequence[str],
    failed: Mapping[str, str],
    proven: bool,
    as_of: datetime | None,
) -> None:
    """Write down who was told, and who could not be, and why; and whether gate 7 had proven the alarms by then."""
    about = {"scope": subject.scope, "bundle": subject.bundle, "window": subject.window, "began": iso(subject.began)}
    body = {**plain_fields(alert), **about, "told": list(told), "failed": dict(failed), "proven": proven}
    ledger.append(ALERTED, body, as_of=as_of)


def told(ledger: Ledger) -> dict[Key, Mapping[str, Any]]:
    """Return, for each thing that was told of, its newest entry: ``told`` and ``failed`` name the places."""
    return {_key(entry.body): entry.body for entry in ledger.entries(ALERTED)}


@dataclass(frozen=True, slots=True)
class Delivery:
    """When alerts went out last (wall time, ISO), the places that took them, and those that did not, with why."""

    at: str
    told: tuple[str, ...]
    failed: Mapping[str, str]


def last_delivery(ledger: Ledger, *, scope: str) -> Delivery | None:
    """Return what came of the newest alert that was sent in a scope; ``None`` where none ever was."""
    entries = [entry for entry in ledger.entries(ALERTED) if entry.body["scope"] == scope]
    if not entries:
        return None
    newest = entries[-1]
    return Delivery(newest.recorded_at, tuple(newest.body["told"]), newest.body["failed"])


def undelivered(ledger: Ledger, report: HealthReport, *, places: Collection[str]) -> dict[str, str]:
    """Return those of the places that could not be told of an alert of a report, each with its newest reason.

    A place that is no longer among them is forgotten, as is an alert that no longer holds.
    """
    holding = {
        (report.scope, report.bundle, iso(window.began), alert.kind, alert.subject)
        for window in report.windows
        for alert in window.alerts
        if alert.severity == ALERT
    }
    failed: dict[str, str] = {}
    for body in told(ledger).values():
        if tuple(body[name] for name in ("scope", "bundle", "began", "kind", "subject")) in holding:
            failed |= {place: why for place, why in body["failed"].items() if place in places}
    return failed


def record_decision(ledger: Ledger, report: HealthReport, *, proven: bool, as_of: datetime | None) -> None:
    """Write down whether to train again, unless the newest decision on the same model says the same."""
    about = {"scope": report.scope, "bundle": report.bundle, "version": report.version, "proven": proven}
    body = plain_fields(report.decision) | about
    newest = last_decision(ledger, scope=report.scope, bundle=report.bundle)
    if newest is None or {**newest, "report": ""} != {**body, "report": ""}:
        ledger.append(RETRAIN, {**body, "report": report.content_id}, as_of=as_of)


def last_decision(ledger: Ledger, *, scope: str, bundle: str | None = None) -> Mapping[str, Any] | None:
    """Return the newest decision of a scope: ``retrain``, ``reasons``, and of which ``bundle`` and ``report``.

    With ``bundle``, only those on that model count.
    """
    found = [entry.body for entry in ledger.entries(RETRAIN) if entry.body["scope"] == scope]
    found = [body for body in found if bundle in {None, body["bundle"]}]
    return found[-1] if found else None


def _key(body: Mapping[str, Any]) -> Key:
    return tuple(str(body[name]) for name in ("scope", "bundle", "window", "began", "kind", "subject"))
