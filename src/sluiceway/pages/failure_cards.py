"""Failure cards: what holds gate 3 shut, a card for each column, with counts, example rows, and then beside now."""

from collections.abc import Mapping, Sequence

from sluiceway.artifacts.validation_report import (
    ClassShareCheck,
    DriftCheck,
    FreshnessCheck,
    RuleCheck,
    ValidationReport,
)
from sluiceway.core.verdict import Criterion, Outcome
from sluiceway.pages.criteria_table import cell_of, detail_of
from sluiceway.pages.example_rows import example_blocks
from sluiceway.pages.histogram import Histogram, histogram_svg, movers
from sluiceway.pages.number_text import number_text, percent
from sluiceway.pages.page import Block, Card, Cell, Code, Facts, Figure, Finding, Findings, Gallery, Note

Check = RuleCheck | FreshnessCheck | DriftCheck | ClassShareCheck
FIGURE_REM = 20


def checks_by_name(report: ValidationReport) -> dict[str, Check]:
    """Find each check of a report by the name of the criterion that judges it."""
    named: dict[str, Check] = {f"{check.source}: {check.name}": check for check in report.rules}
    named |= {name: check for check in report.freshness for name in (check.name, check.gaps_name)}
    named |= {check.name: check for check in report.drift}
    return named | {check.name: check for check in report.class_shares}


def failure_cards(
    closed: Sequence[Criterion], checks: Mapping[str, Check], drawn: Mapping[str, Histogram]
) -> list[Card]:
    """Make a card of each column that has closed checks, and of each closed check that is about no column.

    Those that stopped come before those that are inconclusive. ``drawn`` holds the histograms as ``source.column``.
    """
    groups: dict[str, list[Criterion]] = {}
    for criterion in sorted(closed, key=lambda each: each.outcome is not Outcome.STOPPED):
        groups.setdefault(_place(criterion, checks.get(criterion.name)), []).append(criterion)
    return [_card(place, criteria, checks, drawn.get(place)) for place, criteria in groups.items()]


def _place(criterion: Criterion, check: Check | None) -> str:
    if isinstance(check, RuleCheck | DriftCheck) and check.column:
        return f"{check.source}.{check.column}"
    return criterion.name


def _card(place: str, criteria: Sequence[Criterion], checks: Mapping[str, Check], drawn: Histogram | None) -> Card:
    blocks: list[Block] = []
    found = [(criterion, checks.get(criterion.name)) for criterion in criteria]
    if isinstance(found[0][1], ClassShareCheck):
        blocks = [Facts(class_share_facts(found[0][1], limit=criteria[0].limit)), *_notes(criteria[0].detail)]
    else:
        blocks = [Findings([finding(criterion, check, place=place) for criterion, check in found])]
    for _, check in found:
        if isinstance(check, RuleCheck):
            blocks += _examples(check)
    return Card(criteria[0].outcome, place, [*blocks, *_figure(drawn)])


def finding(criterion: Criterion, check: Check | None, *, place: str = "") -> Finding:
    """Say in a sentence what was measured, against which limit, and in a remark what stands behind it."""
    source = check.source if isinstance(check, RuleCheck | DriftCheck | FreshnessCheck) else ""
    name = criterion.name.removeprefix(f"{source}: ") if source else criterion.name
    if isinstance(check, RuleCheck) and check.measured is not None and check.is_share:
        kept = f"{check.broken:,} of {check.rows:,} rows break it ({percent(check.broken / max(check.rows, 1))})"
        return Finding(criterion.outcome, f"{name}: {kept}; {percent(check.at_least)} must keep it", check.note)
    limit = f", limit {number_text(cell_of(criterion.limit))}" if criterion.limit is not None else ""
    said = "" if criterion.measured is None else f"{number_text(cell_of(criterion.measured))}{limit}"
    rows = f"{check.rows:,} rows now, {check.reference_rows:,} then" if isinstance(check, DriftCheck) else ""
    remark = "; ".join(filter(None, [detail_of(criterion), rows]))
    return Finding(criterion.outcome, ": ".join(filter(None, [name if name != place else "measured", said])), remark)


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


def figure_of(histogram: Histogram) -> Figure:
    """Draw a column then and now, and name the categories that changed most."""
    legend = "Bars: share of rows now." + (" Line: the reference." if histogram.reference is not None else "")
    moved = movers(histogram)
    note = "; ".join(filter(None, [histogram.note, f"moved most: {moved}" if moved else ""]))
    return Figure(histogram_svg(histogram), legend, note)


def _examples(check: RuleCheck) -> list[Block]:
    blocks = example_blocks(check)
    return [Note(f"Break “{check.name}”:"), *blocks] if blocks else []


def _figure(drawn: Histogram | None) -> list[Block]:
    return [Gallery([figure_of(drawn)], width_rem=FIGURE_REM)] if drawn is not None and drawn.current else []


def _notes(text: str) -> list[Block]:
    return [Note(text)] if text else []


def override_commands(closed: Sequence[Criterion]) -> Code:
    """Write the exact words that would excuse each check."""
    lines = (f'sluiceway validate override {each.check} --reason "…" --until 7d   # {each.name}' for each in closed)
    return Code("\n".join(lines))
