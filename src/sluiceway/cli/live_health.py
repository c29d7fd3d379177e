"""The health of live traffic, as people and scripts see it."""

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sluiceway.adapters.project_lock import ProjectLock
from sluiceway.cli.answer import print_json, print_lines
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import Common
from sluiceway.cli.gates import gate_json, gate_lines
from sluiceway.cli.health_text import moved_lines, said
from sluiceway.cli.watching import say, seconds
from sluiceway.core.digest import plain_fields
from sluiceway.core.errors import MisuseError
from sluiceway.core.moments import iso
from sluiceway.ledger.alerting import undelivered
from sluiceway.pages.health_headline import headline, is_judged
from sluiceway.workspace import Workspace

if TYPE_CHECKING:
    from sluiceway.flow.live_health import Health, LiveHealth, LookedAt

LOCK = "observe.lock"
TURN_S = 60.0
MOST_WINDOWS = 100


def live_report(common: Common, *, windows: int, watch: str | None) -> int:
    """Watch what was asked live, once or again and again, and answer with the last look."""
    from sluiceway.flow.live_health import LiveHealth

    every = None if watch is None else seconds(watch)
    if not 1 <= windows <= MOST_WINDOWS:
        raise MisuseError(f"--windows {windows}: must be from 1 to {MOST_WINDOWS}")
    workspace = Workspace.open(common.project)
    with stdout_aside():
        health = LiveHealth(workspace.kit, workspace.settings, workspace.kit.reader.load, windows=windows)
        seen = looked(workspace, health)
        try:
            while every is not None:
                say(f"{iso(seen.until)}: {in_short(seen, health.currency)}")
                time.sleep(every)
                seen = looked(workspace, health, only_news=True)
        except KeyboardInterrupt:
            say("")
    answer(seen, health.currency, workspace, common)
    return 0 if seen.is_open else 1


def looked(workspace: Workspace, health: "LiveHealth", *, only_news: bool = False) -> "LookedAt":
    """Measure first, which takes a while, and only then take the turn to tell of it."""
    seen = health.look()
    with ProjectLock(workspace.state / LOCK).hold("observe report --live", TURN_S):
        return health.settle(seen, only_news=only_news)


def answer(seen: "LookedAt", currency: str, workspace: Workspace, common: Common) -> None:
    """Print what was seen."""
    now = workspace.kit.clock.now()
    if common.json:
        print_json(
            {
                "scope": "live",
                "since": seen.since,
                "until": seen.until,
                "requests": seen.requests,
                "looked_at_one_in": seen.one_in,
                "unknown_versions": dict(seen.unknown),
                "unread_lines": seen.unread.lines,
                "reports": [health_json(each, currency, workspace, now) for each in seen.found],
            }
        )
        return
    looked_at = f", of which one in {seen.one_in} was looked at" if seen.one_in > 1 else ""
    print_lines(f"live, {iso(seen.since)} to {iso(seen.until)}: {seen.requests:,} requests{looked_at}", "")
    for each in seen.found:
        print_lines(*health_lines(each, currency, workspace, now), "")
    print_lines(*others(seen))


def health_json(health: "Health", currency: str, workspace: Workspace, now: datetime) -> dict[str, Any]:
    """Give one version the shape that the report of a rehearsal has."""
    return {
        **plain_fields(health.report),
        "headline": headline(health.report, currency=currency),
        "is_serving": health.answering.is_serving,
        "undelivered": undelivered(workspace.kit.ledger, health.report, places=workspace.kit.alerter.places),
        "report": str(workspace.state / "objects" / health.page),
        "gate": gate_json(7, "observe", health.standing, now),
    }


def health_lines(health: "Health", currency: str, workspace: Workspace, now: datetime) -> list[str]:
    """Tell a person how one version fares."""
    lines = said(health.report, currency)
    if not health.answering.is_serving:
        lines[0] += " It answers no more: nobody is told."
    lines += ["", *(moved_lines(health.report) if is_judged(health.report) else []), ""]
    gate = gate_json(7, "observe", health.standing, now)
    lines += gate_lines({**gate, "criteria": [each for each in gate["criteria"] if each["verdict"] != "passed"]})
    failed = undelivered(workspace.kit.ledger, health.report, places=workspace.kit.alerter.places)
    lines += [f"  not delivered to {place}: {why}" for place, why in failed.items()]
    return [*lines, str(workspace.state / "objects" / health.page)]


def others(seen: "LookedAt") -> list[str]:
    """Tell of what nothing can be said of."""
    lines = [
        f"{rows:,} rows were answered by {version}, which is not registered" for version, rows in seen.unknown.items()
    ]
    if seen.unread.lines:
        lines.append(f"{seen.unread.lines:,} lines of the log cannot be read and were left out: {seen.unread.first}")
    if not seen.found:
        lines.append("No registered version answered anything: inconclusive, which is not healthy.")
    return lines


def in_short(seen: "LookedAt", currency: str) -> str:
    """Say in a line how all that answer now fare."""
    now = [each for each in seen.found if each.answering.is_serving]
    told = [
        f"{each.report.version}, gate 7 {each.verdict.outcome.value}: {headline(each.report, currency=currency)}"
        for each in now
    ]
    return " ".join(told) or f"{seen.requests:,} requests, none answered by who answers now"
