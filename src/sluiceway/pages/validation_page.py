"""The page of a validation report: what failed first, then every column, then everything that was measured."""

from collections.abc import Sequence

from sluiceway.artifacts.validation_report import ValidationReport
from sluiceway.core.verdict import Outcome, Verdict
from sluiceway.pages.column_folds import column_folds
from sluiceway.pages.criteria_table import cell_of, criteria_table
from sluiceway.pages.example_rows import example_table
from sluiceway.pages.failure_cards import checks_by_name, class_share_facts, failure_cards, override_commands
from sluiceway.pages.histogram import Histogram
from sluiceway.pages.number_text import moment_text, percent
from sluiceway.pages.page import Block, Code, Facts, Fold, Lead, Note, Page, Section, Table
from sluiceway.pages.provenance_row import PROVENANCE_COLUMNS, provenance_row

MOST_CARDS = 40


def validation_html(report: ValidationReport, verdict: Verdict, histograms: Sequence[Histogram]) -> str:
    """Write the page; ``verdict`` is the gate's on this report, and ``histograms`` are named ``source.column``."""
    sections = [
        Section("", [Lead(_lead(report, verdict)), _facts(report)]),
        *_closed(report, verdict, histograms),
        *_excused(verdict),
        Section("Columns", _columns(report, verdict, histograms)),
        Section("Layer A: rules", _rules(report, verdict)),
        *_freshness(report, verdict),
        Section("Layer B: drift", _drift(report, verdict)),
        Section("Layer C: class share", _class_shares(report)),
        *_origins(report),
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


def _origins(report: ValidationReport) -> list[Section]:
    """Say where the data come from, where that is declared of any source."""
    rows = [provenance_row(each.source, each.provenance) for each in report.origins if each.provenance]
    return [Section("Where the data come from", [Table(PROVENANCE_COLUMNS, rows)])] if rows else []


def _lead(report: ValidationReport, verdict: Verdict) -> str:
    """Say in a sentence what came of it."""
    total, closed = len(verdict.criteria), len(verdict.closed)
    if closed:
        verb = "checks hold" if closed > 1 else "check holds"
        return f"{closed} of {total} {verb} the gate shut: nothing is built on this data."
    excused = sum(each.outcome is Outcome.OVERRIDDEN for each in verdict.criteria)
    if excused:
        return f"The gate is open, but {excused} of {total} checks pass only because someone answers for them."
    kept = f"All {total} checks passed" if total > 1 else "The one check passed"
    return f"{kept}." if report.reference else f"{kept}; there is no earlier version to compare with yet."


def _facts(report: ValidationReport) -> Facts:
    kept = sum(check.holds for check in report.rules if check.is_share)
    bounded = [check for check in report.rules if not check.is_share]
    compared = {(check.source, check.column) for check in report.drift if check.effect is not None}
    return Facts(
        (
            ("Dataset", Code(report.dataset[:12])),
            ("Reference", _reference(report)),
            ("Known until", moment_text(report.as_of) if report.as_of else "everything"),
            ("Rules over rows", f"{kept} of {len(report.rules) - len(bounded)} kept"),
            ("Columns compared", len(compared)),
        )
    )


def _reference(report: ValidationReport) -> Code | str:
    if report.reference is None:
        return "none yet"
    versions = len(report.pool("").versions)
    return Code(report.reference[:12] + (f" and {versions - 1} before it" if versions > 1 else ""))


def _closed(report: ValidationReport, verdict: Verdict, histograms: Sequence[Histogram]) -> list[Section]:
    """Say what holds the gate shut, and the exact words that would excuse each."""
    if not verdict.closed:
        return []
    checks, drawn = checks_by_name(report), {each.column: each for each in histograms}
    cards = failure_cards(verdict.closed, checks, drawn)
    more = [Note(f"and {len(cards) - MOST_CARDS} more, below")] if len(cards) > MOST_CARDS else []
    note = Note("Mend the data, or let a check pass on this very dataset, for a reason and for a time:")
    excuse = Fold("How to let a check pass", [note, override_commands(verdict.closed)])
    return [Section("What holds the gate shut", [*cards[:MOST_CARDS], *more, excuse])]


def _excused(verdict: Verdict) -> list[Section]:
    """Say what passes only because someone answers for it, and for how long."""
    excused = [each for each in verdict.criteria if each.outcome is Outcome.OVERRIDDEN]
    return [Section("What an override lets pass", [criteria_table(excused)])] if excused else []


def _columns(report: ValidationReport, verdict: Verdict, histograms: Sequence[Histogram]) -> list[Block]:
    folds = column_folds(verdict, checks_by_name(report), histograms)
    return list(folds) or [Note("No column was looked at.")]


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
    return [Fold(f"All {len(rows)} rules", [Table(columns, rows)], is_on_paper=False), *_broken_rows(report)]


def _broken_rows(report: ValidationReport) -> list[Block]:
    """Show rows that break a rule, rule by rule."""
    blocks: list[Block] = []
    for check in report.rules:
        shown = check.broken_rows
        if shown.rows:
            count = f"{check.broken:,} of {check.rows:,} rows" if check.is_share else f"{check.broken:,} rows"
            title = f"{check.source}: {check.name}: {len(shown.rows)} of {count}"
            blocks.append(Fold(title, [example_table(shown)]))
    return blocks


def _freshness(report: ValidationReport, verdict: Verdict) -> list[Section]:
    if not report.freshness:
        return []
    said = _by_name(verdict)
    rows = [
        (
            said.get(check.name),
            check.source,
            moment_text(check.newest) if check.newest else None,
            f"{check.within_s / 3600:g} h",
        )
        for check in report.freshness
        if not check.partition
    ]
    tables = [Table(("Verdict", "Source", "Newest row known at", "May be old"), rows)] if rows else []
    return [Section("Freshness", [*tables, *_partitions(report, said)])]


def _partitions(report: ValidationReport, said: dict[str, Outcome]) -> list[Table]:
    rows = [
        (
            _worse(
                said.get(check.gaps_name),
                said.get(check.name),
            ),
            check.source,
            check.partition,
            check.expected,
            check.missing,
            ", ".join(check.gaps),
            moment_text(check.newest) if check.newest else None,
        )
        for check in report.freshness
        if check.partition
    ]
    columns = ("Verdict", "Source", "Partitions by", "Expected", "Missing", "Such as", "Newest begins at")
    return [Table(columns, rows)] if rows else []


def _worse(*outcomes: Outcome | None) -> Outcome | None:
    order = list(Outcome)
    return max(filter(None, outcomes), key=order.index, default=None)


def _drift(report: ValidationReport, verdict: Verdict) -> list[Block]:
    if report.reference is None and not report.drift:
        return [Note("There is no earlier version to compare with; this one will be the reference for the next.")]
    said = _by_name(verdict)
    rows = [
        (
            said.get(check.name),
            check.name,
            check.effect,
            check.p_value,
            check.p_adjusted,
            check.js,
            check.reference_rows,
            check.rows,
            "; ".join(filter(None, ["new rows only" if check.is_new else "", check.note])),
        )
        for check in sorted(report.drift, key=lambda check: -(check.effect or 0.0))
    ]
    rows.sort(key=lambda row: row[0] is None or row[0].is_open)
    columns = ("Verdict", "Comparison", "Effect", "p", "p adjusted", "JS", "Rows then", "Rows now", "Note")
    words = (
        "Effect: D, Cramer's V, standard deviations of the reference, or a difference of shares. p is adjusted over "
        "all comparisons by Benjamini and Hochberg. JS: the Jensen-Shannon distance, base 2."
    )
    return [Fold(f"All {len(rows)} comparisons", [Note(words), Table(columns, rows)], is_on_paper=False)]


def _class_shares(report: ValidationReport) -> list[Block]:
    if not report.class_shares:
        return [Note("No outcome was measured.")]
    return [Facts(class_share_facts(check)) for check in report.class_shares]


def _by_name(verdict: Verdict) -> dict[str, Outcome]:
    return {criterion.name: criterion.outcome for criterion in verdict.criteria}
