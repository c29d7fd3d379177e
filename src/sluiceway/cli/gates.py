"""Gates as people and scripts see them."""

from datetime import datetime
from typing import Any

from sluiceway.artifacts.rollout_state import LIVE, REHEARSAL
from sluiceway.cli.answer import text
from sluiceway.flow.stages import STAGES
from sluiceway.ledger.standing import Standing

PENDING = "pending"
MANY, FEW = 20, 5
OVERRIDABLE = (3, 6, 7)
MARKS = {
    "passed": "✓",
    "overridden": "!",
    "warned": "~",
    "no_reference": "○",
    "inconclusive": "?",
    "stopped": "✗",
    PENDING: "·",
}


def gates_json(standings: dict[str, Standing], now: datetime) -> list[dict[str, Any]]:
    """All seven gates in the shape that scripts rely on; those not judged are ``pending``."""
    return [gate_json(stage.number, stage.name, standings.get(stage.name), now) for stage in STAGES]


def gate_json(number: int, stage: str, standing: Standing | None, now: datetime) -> dict[str, Any]:
    """One gate."""
    if standing is None:
        return {"number": number, "stage": stage, "verdict": PENDING, "scope": None, "artifact": None, "criteria": []}
    verdict = standing.at(now)
    return {
        "number": number,
        "stage": stage,
        "verdict": verdict.outcome.value,
        "scope": standing.scope,
        "artifact": standing.artifact,
        "criteria": [criterion.as_json() for criterion in verdict.criteria],
    }


def gate_lines(gate: dict[str, Any], *, whole: bool = False) -> list[str]:
    """One gate for people: its verdict, then its criteria, those that hold it shut first; of very many only some."""
    most = FEW if len(gate["criteria"]) > MANY and not whole else len(gate["criteria"])
    mark = MARKS[gate["verdict"]]
    lines = [f"{mark} {gate['number']} {gate['stage']:<9}{verdict_words(gate['verdict'], gate['scope'])}"]
    ordered = sorted(gate["criteria"], key=lambda criterion: order(criterion["verdict"]))
    shown = [criterion for criterion in ordered if order(criterion["verdict"]) < order("passed")]
    shown += ordered[len(shown) : max(most, len(shown))]
    lines += [criterion_line(criterion, overridable=gate["number"] in OVERRIDABLE) for criterion in shown]
    if len(shown) < len(ordered):
        lines.append(f"      … and {len(ordered) - len(shown)} more that passed: sluiceway status --all")
    return lines


def verdict_words(verdict: str, scope: str | None) -> str:
    """Say a verdict with its scope: a rehearsal is never a bare ``passed``."""
    return f"{verdict} in rehearsal" if scope == REHEARSAL else f"{verdict} live" if scope == LIVE else verdict


def order(verdict: str) -> int:
    """Closed criteria come first, then those that opened for another reason than passing."""
    return ["stopped", "inconclusive", "overridden", "warned", "no_reference", "passed", PENDING].index(verdict)


def criterion_line(criterion: dict[str, Any], *, overridable: bool = True) -> str:
    """One criterion: mark, name, what was measured, the limit, and by which id it may be overridden, if it may be."""
    measured, limit = text(criterion["measured"]), text(criterion["limit"])
    against = f"{measured} (limit {limit})" if criterion["limit"] is not None else measured
    closed = order(criterion["verdict"]) < order("overridden")
    is_told = criterion["verdict"] != "passed" or (criterion["limit"] == "told" and criterion["measured"])
    tail = f"  {criterion['detail']}" if criterion["detail"] and is_told else ""
    named = f"check {criterion['check']}" if criterion["check"] else "may not be overridden"
    check = f"  [{named}]" if closed and overridable else ""
    return f"    {MARKS[criterion['verdict']]} {criterion['name']}: {against}{tail}{check}"
