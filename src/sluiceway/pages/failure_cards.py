"""Failure cards: each check that holds gate 3 shut, with its counts, its example rows, and then beside now."""

from collections.abc import Mapping, Sequence

from sluiceway.artifacts.validation_report import (
    ClassShareCheck,
    DriftCheck,
    FreshnessCheck,
    RuleCheck,
    ValidationReport,
)
from sluiceway.core.verdict import Criterion
from sluiceway.pages.criteria_table import cell_of
from sluiceway.pages.example_rows import example_blocks
from sluiceway.pages.histogram import Histogram, histogram_svg
from sluiceway.pages.number_text import moment_text, number_text, percent
from sluiceway.pages.page import Block, Card, Cell, Code, Facts, Figure, Gallery, Note

Check = RuleCheck | FreshnessCheck | DriftCheck | ClassShareCheck
FIGURE_REM = 20


def checks_by_name(report: ValidationReport) -> dict[str, Check]:
    """Find each check of a report by the name of the criterion that judges it."""
    named: dict[str, Check] = {f"{check.source}: {check.name}": check for check in report.rules}
    named |= {f"{check.source}: age of the newest row in seconds": check for check in report.freshness}
    named |= {check.name: check for check in report.drift}
    return named | {check.name: check for check in report.class_shares}


def failure_card(criterion: Criterion, check: Check | None, drawn: Mapping[str, Histogram]) -> Card:
    """Show one closed check; ``drawn`` holds the histograms as ``source.column``."""
    blocks: list[Block] = []
    if isinstance(check, RuleCheck):
        blocks = _rule(check, criterion)
    elif isinstance(check, DriftCheck):
        blocks = [Facts(_drift_facts(check, criterion)), *_figure(check, drawn), *_notes(check.note)]
    elif isinstance(check, ClassShareCheck):
        blocks = [Facts(class_share_facts(check, limit=criterion.limit)), *_notes(criterion.detail)]
    elif isinstance(check, FreshnessCheck):
        blocks = [Facts(_freshness_facts(check)), *_notes(criterion.detail)]
    else:
        blocks = [Facts((("Measured", cell_of(criterion.measured)), ("Limit", cell_of(criterion.limit))))]
        blocks += _notes(criterion.detail)
    return Card(criterion.outcome, criterion.name, blocks)


def class_share_facts(check: ClassShareCheck, *, limit: Cell = None) -> tuple[tuple[str, Cell], ...]:
    """Name what was measured of a class's share."""
    between = f"{percent(check.low)} to {percent(check.high)}" if check.low is not None else None
    facts: list[tuple[str, Cell]] = [
        ("Label", check.label),
        ("Share now", percent(check.share)),
        ("Share then", percent(check.reference_share)),
        ("Relative change", percent(check.relative_change)),
        ("95 % interval", between),
        ("Rows now", check.rows),
        ("Rows then", check.reference_rows or None),
    ]
    if isinstance(limit, int | float):
        facts.insert(4, ("Limit", percent(limit)))
    return tuple(facts)


def figure_of(histogram: Histogram, caption: str = "") -> Figure:
    """Draw a column then and now."""
    return Figure(histogram_svg(histogram), caption, histogram.note)


def _rule(check: RuleCheck, criterion: Criterion) -> list[Block]:
    if check.measured is None:
        return _notes(check.note or "nothing was measured")
    if check.low is not None or check.high is not None:
        limits = f"{_bound(check.low)} to {_bound(check.high)}"
        facts: tuple[tuple[str, Cell], ...] = (("Measured", cell_of(check.measured)), ("Limit", limits))
        return [Facts((*facts, ("Rows", check.rows))), *_notes(check.note), *_examples(check.examples)]
    broken = check.broken / check.rows if check.rows else None
    facts = (
        ("Rows that break it", check.broken),
        ("Of", check.rows),
        ("Share", percent(broken)),
        ("Must keep it", percent(criterion.limit) if isinstance(criterion.limit, float) else cell_of(criterion.limit)),
    )
    return [Facts(facts), *_notes(check.note), *_examples(check.examples)]


def _examples(examples: Sequence[object]) -> list[Block]:
    blocks = example_blocks(examples)
    return [Note("Such as:"), *blocks] if blocks else []


def _bound(value: float | None) -> str:
    return number_text(value) if value is not None else "any"


EFFECTS = {
    "ks": "D",
    "chi2": "Cramer's V",
    "mean": "Moved, in standard deviations",
    "quantile": "Moved, in standard deviations",
    "nulls": "Difference",
    "js": "Distance",
}


def _drift_facts(check: DriftCheck, criterion: Criterion) -> tuple[tuple[str, Cell], ...]:
    facts: list[tuple[str, Cell]] = []
    if check.effect is not None:
        facts += [(EFFECTS.get(check.test, "Effect"), check.effect), ("Limit", cell_of(criterion.limit))]
        facts += [("p", check.p_value), ("p adjusted", check.p_adjusted)]
    if check.then is not None or check.now is not None:
        write = percent if check.test == "nulls" else number_text
        facts += [("Then", write(check.then)), ("Now", write(check.now))]
    if check.js is not None and check.test in {"ks", "chi2"}:
        facts.append(("Jensen-Shannon distance", check.js))
    rows = "New rows" if check.is_new else "Rows now"
    return (*facts, (rows, check.rows), ("Rows then", check.reference_rows), *_against(check))


def _against(check: DriftCheck) -> list[tuple[str, Cell]]:
    return [("Reference", check.against)] if check.against else []


def _freshness_facts(check: FreshnessCheck) -> tuple[tuple[str, Cell], ...]:
    newest = moment_text(check.newest) if check.newest else None
    return (("Newest row known at", newest), ("May be old", f"{check.within_s / 3600:g} h"))


def _figure(check: DriftCheck, drawn: Mapping[str, Histogram]) -> list[Block]:
    histogram = drawn.get(f"{check.source}.{check.column}")
    return [Gallery([figure_of(histogram)], width_rem=FIGURE_REM)] if histogram and histogram.current else []


def _notes(text: str) -> list[Block]:
    return [Note(text)] if text else []


def override_commands(closed: Sequence[Criterion]) -> Code:
    """Write the exact words that would excuse each check."""
    lines = (f'sluiceway validate override {each.check} --reason "…" --until 7d   # {each.name}' for each in closed)
    return Code("\n".join(lines))
