"""``sluiceway ledger``: the evidence, and whether it is what was written."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_lines, print_table
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import verdict_words
from sluiceway.core.errors import MisuseError
from sluiceway.ledger.chain import Entry, LedgerAudit
from sluiceway.workspace import Workspace

MOST_LETTERS = 90
Body = Mapping[str, Any]


def log(
    *,
    last: Annotated[int, Parameter(help="How many of the newest entries.")] = 20,
    common: Common = HERE,
) -> int:
    """List the newest entries, oldest of them first."""
    if last < 1:
        raise MisuseError(f"--last {last}: must be at least 1")
    entries = list(Workspace.open(common.project).kit.ledger.entries())[-last:]
    if common.json:
        print_json({"entries": entries})
    else:
        rows = [
            (entry.sequence, entry.recorded_at[:19], entry.kind, summary(entry), entry.digest[:12]) for entry in entries
        ]
        print_table(("#", "recorded (UTC)", "kind", "what", "digest"), rows)
    return 0


def summary(entry: Entry) -> str:
    """Say in a few words what an entry is about."""
    told = SUMMARIES.get(entry.kind)
    return told(entry.body) if told else judged(entry.body)


def judged(body: Body) -> str:
    """Say how a run's gates stood."""
    return ", ".join(f"{stage} {verdict}" for stage, (verdict, _) in body["gates"].items()) or "nothing judged"


def verdict(body: Body) -> str:
    """Say what a gate said."""
    return f"gate {body['gate']} {body['stage']}: {verdict_words(body['verdict'], body['scope'])}"


def override(body: Body) -> str:
    """Say what may pass, until when, and who says so."""
    gate = f"gate {body['gate']}, " if body.get("gate") else ""
    return f"{gate}check {body['check']} until {body['expires_at'][:16]} by {body['author']}: {body['reason']}"


def alert(body: Body) -> str:
    """Say what was told, and whether everybody was."""
    undelivered = f" (not delivered: {', '.join(body['failed'])})" if body["failed"] else ""
    return f"{body['kind']} {body['subject']} from {body['began'][:10]}, {body['scope']}{undelivered}"


def halt(body: Body) -> str:
    """Say which dataset a gate holds back, and whether everybody was told."""
    undelivered = f" (not delivered: {', '.join(body['failed'])})" if body["failed"] else ""
    return f"{body['stage']} holds {body['dataset'][:12]} back: {len(body['checks'])} checks told{undelivered}"


SUMMARIES: dict[str, Callable[[Body], str]] = {
    "verdict": verdict,
    "made": lambda body: f"{body['node']} {body['content_id'][:12]}",
    "override": override,
    "declared": lambda body: f"project files {body['fingerprint'][:12]}",
    "published": lambda body: f"{body['node']} {body['artifact'][:12]}",
    "rollout": lambda body: f"{body['scope']} {body['name']}: {shorten(body['state']['reason'], MOST_LETTERS)}",
    "alert": alert,
    "halt": halt,
    "retrain": lambda body: (
        f"{'train again' if body['retrain'] else 'no need to train again'}: {'; '.join(body['reasons'])}"
    ),
    "pin": lambda body: f"{body['name']}: {(body['version'] or 'freed')[:12]} by {body['author']}",
    "swept": lambda body: (
        f"{len(body['versions'])} versions, {body['objects']} objects, {body['tables']} tables, "
        f"{body['size_bytes']:,} bytes"
    ),
}


def verify(
    *,
    head: Annotated[
        str | None, Parameter(help="A digest noted earlier: also prove that it is still in the chain.")
    ] = None,
    common: Common = HERE,
) -> int:
    """Walk the chain from its first entry. Exits 1 at the first entry that is not what was written."""
    workspace = Workspace.open(common.project)
    audit = workspace.kit.ledger.verify(head=head)
    if not audit.entries and audit.broken_at is None and (workspace.state / "objects" / "artifacts").is_dir():
        audit = replace(audit, broken_at=0, reason="it has no entry, though the store holds what runs have made")
    if common.json:
        print_json(audit)
    elif audit.broken_at is None:
        print_lines(f"✓ {audit.entries} entries, head {audit.head}")
    else:
        print_lines(*broken_lines(audit, workspace.state / "ledger.db"))
    return int(audit.broken_at is not None)


def broken_lines(audit: LedgerAudit, file: Path) -> list[str]:
    """Tell what is broken, what it was about, what is still true, and what to do."""
    lines = [f"✗ {audit.reason}"]
    if audit.found is not None:
        recorded, kind = audit.found.recorded_at, audit.found.kind
        lines.append(f"    as it reads now: {kind}, recorded {recorded}: {recognised(audit.found)}")
    return [
        *lines,
        f"    entries before {audit.broken_at}: what was written",
        "    servers that run go on answering by the rollout they have; no command builds upon this ledger",
        f"    to mend it, put {file} back from a backup while nothing runs, and verify it again",
    ]


def recognised(entry: Entry) -> str:
    """Say what an entry is about, however little of it makes sense any more."""
    try:
        return summary(entry)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        return "nothing that can be understood"
