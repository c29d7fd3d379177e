"""Halts: that a gate holds a dataset back, and who was told of which of its checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluiceway.ledger.chain import Ledger
from sluiceway.ledger.standing import VERDICT, read_standing

HALTED = "halt"


@dataclass(frozen=True, slots=True)
class Halt:
    """A gate shut on one dataset: the closed checks by name, and the object key of the report about them."""

    stage: str
    dataset: str
    checks: tuple[str, ...]
    report: str


def record_halt(
    ledger: Ledger, halt: Halt, *, told: Sequence[str], failed: Mapping[str, str], as_of: datetime | None
) -> None:
    """Write down who was told of these checks, and who could not be, and why."""
    about = {"stage": halt.stage, "dataset": halt.dataset, "checks": list(halt.checks), "report": halt.report}
    ledger.append(HALTED, {**about, "told": list(told), "failed": dict(failed)}, as_of=as_of)


def reached(ledger: Ledger, *, stage: str, dataset: str) -> dict[str, set[str]]:
    """Name, for each check that was told of on a dataset, the places that took it.

    A gate that was open on the dataset since, say by an override, starts afresh: shut again, it is news.
    """
    found: dict[str, set[str]] = {}
    for entry in ledger.entries(VERDICT, HALTED):
        if entry.kind == HALTED and (entry.body["stage"], entry.body["dataset"]) == (stage, dataset):
            for check in entry.body["checks"]:
                found.setdefault(check, set()).update(entry.body["told"])
        elif entry.kind == VERDICT and entry.body["stage"] == stage:
            standing = read_standing(entry)
            if standing.upstream.get("ingest") == dataset and standing.verdict.is_open:
                found.clear()
    return found
