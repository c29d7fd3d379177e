"""Running: what each run came to, and what was told to the world behind its open gates."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sluiceway.ledger.chain import Ledger

RUN, PUBLISHED = "run", "published"


def record_run(ledger: Ledger, body: Mapping[str, object], *, as_of: datetime | None) -> None:
    """Write a run's summary down."""
    ledger.append(RUN, body, as_of=as_of)


def last_run(ledger: Ledger) -> Mapping[str, Any] | None:
    """Return the newest run's summary: ``made`` (content ids by node), ``gates``, ``pages``, ``refused``."""
    runs = [entry.body for entry in ledger.entries(RUN)]
    return runs[-1] if runs else None


def record_published(
    ledger: Ledger, node: str, artifact: str, facts: Mapping[str, object], *, as_of: datetime | None
) -> None:
    """Write down what was told of an artifact: a model's name and version, and the overrides it was made under."""
    ledger.append(PUBLISHED, {"node": node, "artifact": artifact, **facts}, as_of=as_of)


def published(ledger: Ledger) -> dict[str, Mapping[str, Any]]:
    """Return what was told last of each artifact, by content id; the newest of a node stands last."""
    told: dict[str, Mapping[str, Any]] = {}
    for entry in ledger.entries(PUBLISHED):
        told.pop(entry.body["artifact"], None)
        told[entry.body["artifact"]] = entry.body
    return told
