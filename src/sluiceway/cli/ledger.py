"""``sluiceway ledger``: the evidence, and whether it is what was written."""

from textwrap import shorten
from typing import Annotated

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_lines, print_table
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.gates import verdict_words
from sluiceway.core.errors import MisuseError
from sluiceway.ledger.chain import Entry
from sluiceway.workspace import Workspace

MOST_LETTERS = 90


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
    body = entry.body
    if entry.kind == "verdict":
        return f"gate {body['gate']} {body['stage']}: {verdict_words(body['verdict'], body['scope'])}"
    if entry.kind == "made":
        return f"{body['node']} {body['content_id'][:12]}"
    if entry.kind == "override":
        gate = f"gate {body['gate']}, " if body.get("gate") else ""
        return f"{gate}check {body['check']} until {body['expires_at'][:16]} by {body['author']}: {body['reason']}"
    if entry.kind == "declared":
        return f"project files {body['fingerprint'][:12]}"
    if entry.kind == "published":
        return f"{body['node']} {body['artifact'][:12]}"
    if entry.kind == "rollout":
        return f"{body['scope']} {body['name']}: {shorten(body['state']['reason'], MOST_LETTERS)}"
    if entry.kind in {"alert", "halt"}:
        undelivered = f" (not delivered: {', '.join(body['failed'])})" if body["failed"] else ""
        return f"{told(entry)}{undelivered}"
    if entry.kind == "retrain":
        return f"{'train again' if body['retrain'] else 'no need to train again'}: {'; '.join(body['reasons'])}"
    return ", ".join(f"{stage} {verdict}" for stage, (verdict, _) in body["gates"].items()) or "nothing judged"


def told(entry: Entry) -> str:
    """Say what somebody was told of: an alert of a served model, or a dataset that a gate holds back."""
    body = entry.body
    if entry.kind == "halt":
        return f"{body['stage']} holds {body['dataset'][:12]} back: {len(body['checks'])} checks told"
    return f"{body['kind']} {body['subject']} from {body['began'][:10]}, {body['scope']}"


def verify(
    *,
    head: Annotated[
        str | None, Parameter(help="A digest noted earlier: also prove that it is still in the chain.")
    ] = None,
    common: Common = HERE,
) -> int:
    """Walk the chain from its first entry. Exits 1 at the first entry that is not what was written."""
    audit = Workspace.open(common.project).kit.ledger.verify(head=head)
    if common.json:
        print_json(audit)
    elif audit.broken_at is None:
        print_lines(f"✓ {audit.entries} entries, head {audit.head}")
    else:
        print_lines(f"✗ {audit.reason}")
    return int(audit.broken_at is not None)
