"""The page of a validation report: what is wrong first, then everything that was measured."""

from collections.abc import Sequence

from sluiceway.artifacts.validation_report import ValidationReport
from sluiceway.core.verdict import Outcome, Verdict
from sluiceway.pages.criteria_table import cell_of, criteria_table
from sluiceway.pages.histogram import Histogram, histogram_svg
from sluiceway.pages.number_text import moment_text, percent
from sluiceway.pages.page import Block, Cell, Code, Facts, Figure, Gallery, Note, Page, Section, Table

MOST_HISTOGRAMS = 60


def validation_html(report: ValidationReport, verdict: Verdict, histograms: Sequence[Histogram]) -> str:
    """Write the page; ``verdict`` is the gate's on this report, and ``histograms`` are named ``source.column``."""
    sections = [
        Section("", [_facts(report)]),
        *_closed(verdict),
        *_excused(verdict),
        Section("Layer A: rules", _rules(report, verdict)),
        *_freshness(report, verdict),
        Section("Layer B: drift", _drift(report, verdict)),
        Section("Layer C: class share", _class_share(report)),
        *_histograms(report, histograms),
    ]
    known = f", as known at {moment_text(report.as_of)}" if report.as_of else ""
    return Page(
        title="Validation",
        subtitle=f"Dataset {report.dataset[:12]}{known}. A later run may judge otherwise, on another page; "
        "sluiceway validate report names the newest.",
        outcome=verdict.outcome,
        sections=sections,
        footer=f"validation {report.content_id}",
    ).html()


def _facts(report: ValidationReport) -> Facts:
    kept = sum(check.holds for check in report.rules if check.is_share)
    bounded = [check for check in report.rules if not check.is_share]
    return Facts(
        (
            ("Dataset", Code(report.dataset[:12])),
            ("Reference", Code(report.reference[:12]) if report.reference else "none yet"),
            ("Known until", moment_text(report.as_of) if report.as_of else "everything"),
            ("Rules over rows", f"{kept} of {len(report.rules) - len(bounded)} kept"),
            ("Columns compared", sum(check.effect is not None for check in report.drift)),
        )
    )


def _closed(verdict: Verdict) -> list[Section]:
    """Say what holds the gate shut, and the exact words that would excuse each."""
    if not verdict.closed:
        return []
    lines = "\n".join(
        f'sluiceway validate override {each.check} --reason "…" --until 7d   # {each.name}' for each in verdict.closed
    )
    note = Note("Mend the data, or let a check pass on this very dataset, for a reason and for a time:")
    return [Section("What holds the gate shut", [criteria_table(verdict.closed), note, Code(lines)])]


def _excused(verdict: Verdict) -> list[Section]:
    """Say what passes only because someone answers for it, and for how long."""
    excused = [each for each in verdict.criteria if each.outcome is Outcome.OVERRIDDEN]
    return [Section("What an override lets pass", [criteria_table(excused)])] if excused else []


def _rules(report: ValidationReport, verdict: Verdict) -> list[Block]:
    """List the rules, those that stop before the others."""
    if not report.rules:
        return [Note("No rule was declared.")]
    said = _by_name(verdict)
    rows = []
    for check in report.rules:
        number = not check.is_share
        limit = check.bounds if number else percent(check.at_least)
        measured = cell_of(check.measured) if number else percent(check.measured)
        words = "; ".join(filter(None, [check.note, ", ".join(check.examples)]))
        outcome = said.get(f"{check.source}: {check.name}")
        rows.append((outcome, check.source, check.name, measured, limit, check.broken, check.rows, words))
    rows.sort(key=lambda row: row[0] is None or row[0].is_open)
    columns = ("Verdict", "Source", "Rule", "Measured", "Limit", "Broken", "Rows", "Note or examples")
    return [Table(columns, rows), *_broken_rows(report)]


def _broken_rows(report: ValidationReport) -> list[Block]:
    """Show rows that break a rule, rule by rule."""
    blocks: list[Block] = []
    for check in report.rules:
        shown = check.broken_rows
        if shown.rows:
            count = f"{check.broken:,} of {check.rows:,} rows" if check.is_share else f"{check.broken:,} rows"
            blocks += [
                Note(f"{check.source}: {check.name}: {len(shown.rows)} of {count}"),
                Table(shown.columns, shown.rows),
            ]
    return blocks


def _freshness(report: ValidationReport, verdict: Verdict) -> list[Section]:
    if not report.freshness:
        return []
    said = _by_name(verdict)
    rows = [
        (
            said.get(f"{check.source}: age of the newest row in seconds"),
            check.source,
            moment_text(check.newest) if check.newest else None,
            f"{check.within_s / 3600:g} h",
        )
        for check in report.freshness
    ]
    return [Section("Freshness", [Table(("Verdict", "Source", "Newest row known at", "May be old"), rows)])]


def _drift(report: ValidationReport, verdict: Verdict) -> list[Block]:
    if report.reference is None:
        return [Note("There is no earlier version to compare with; this one will be the reference for the next.")]
    said = {(each.name.split(" (")[0]): each.outcome for each in verdict.criteria}
    rows = [
        (
            said.get(f"{check.source}: drift of {check.column}"),
            check.source,
            check.column,
            {"ks": "KS (D)", "chi2": "chi2 (V)"}.get(check.test),
            check.effect,
            check.p_value,
            check.p_adjusted,
            check.reference_rows,
            check.rows,
            check.note,
        )
        for check in sorted(report.drift, key=lambda check: -(check.effect or 0.0))
    ]
    rows.sort(key=lambda row: row[0] is None or row[0].is_open)
    columns = (
        "Verdict",
        "Source",
        "Column",
        "Test, effect",
        "Effect",
        "p",
        "p adjusted",
        "Rows then",
        "Rows now",
        "Note",
    )
    return [Table(columns, rows)]


def _class_share(report: ValidationReport) -> list[Block]:
    check = report.class_share
    if check is None:
        return [Note("No outcome was measured.")]
    items: list[tuple[str, Cell]] = [
        ("Label", check.label),
        ("Share now", percent(check.share)),
        ("Share then", percent(check.reference_share)),
        ("Relative change", percent(check.relative_change)),
        ("95 % interval", f"{percent(check.low)} to {percent(check.high)}" if check.low is not None else None),
        ("Rows now", check.rows),
        ("Rows then", check.reference_rows if report.reference else None),
    ]
    return [Facts(tuple(items))]


def _histograms(report: ValidationReport, histograms: Sequence[Histogram]) -> list[Section]:
    """Draw the columns that moved most first."""
    effects = {f"{check.source}.{check.column}": check.effect or 0.0 for check in report.drift}
    ranked = sorted(histograms, key=lambda each: -effects.get(each.column, 0.0))
    drawn = [Figure(histogram_svg(each), each.column, each.note) for each in ranked[:MOST_HISTOGRAMS] if each.current]
    if not drawn:
        return []
    words = "Bars: share of rows now." + (" Line: the reference." if report.reference else "")
    left = len(ranked) - len(drawn)
    more = f" {left} more columns are in the JSON report only." if left else ""
    return [Section("Distributions", [Note(words + more), Gallery(drawn, width_rem=14)])]


def _by_name(verdict: Verdict) -> dict[str, Outcome]:
    return {criterion.name: criterion.outcome for criterion in verdict.criteria}
