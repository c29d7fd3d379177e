"""The page of a skew report: what was compared, what differs, and why."""

from sluiceway.artifacts.skew_report import FeatureSkew, SkewExample, SkewReport
from sluiceway.core.verdict import Outcome
from sluiceway.pages.number_text import moment_text, number_text, percent
from sluiceway.pages.page import Bar, Block, Code, Facts, Lead, Page, Section, Table

WORDS = {
    "stale view": "the view did not know yet what it should have at that moment",
    "late event": "a fact landed behind the moment at which it was known by its own times",
    "code change": "the value was made by another definition than today's",
    "rounding": "one value is the other with fewer digits",
    "nothing was read": "the online store held nothing for the entity, and no reason for that was found",
    "unexplained": "none of these",
}


def skew_html(report: SkewReport) -> str:
    """Write the page."""
    sections = [Section("", _head(report))]
    if report.causes:
        rows = [(cause, count, WORDS[cause]) for cause, count in report.causes.items()]
        sections.append(Section("Why", [Table(("cause", "values", "what it means"), rows)]))
    if report.features:
        sections.append(Section("Feature by feature", [_features(report)]))
    if report.examples:
        sections.append(Section("Examples", [_examples(report.examples)]))
    if unchecked := _unchecked(report):
        sections.append(Section("Not compared", [Table(("what", "why"), unchecked)]))
    return Page("Skew", _subtitle(report), _outcome(report), sections, scope=report.scope).html()


def _outcome(report: SkewReport) -> Outcome:
    if report.share is None:
        return Outcome.INCONCLUSIVE
    return Outcome.PASSED if report.is_within else Outcome.STOPPED


def _subtitle(report: SkewReport) -> str:
    if report.since is None or report.until is None:
        return "Nothing was answered that could be compared."
    span = f"{moment_text(report.since)} to {moment_text(report.until)}"
    return f"Feature vectors served from {span}, computed again offline"


def _head(report: SkewReport) -> list[Block]:
    said = f"{report.differing:,} of {report.compared:,} values are not what offline computes."
    said = said if report.differing else f"All {report.compared:,} values are what offline computes."
    said = f"{said} Note that {report.hint}." if report.hint else said
    facts: tuple[tuple[str, str], ...] = (
        ("rows compared", f"{report.sampled:,} of {report.requests:,}"),
        ("values that differ", percent(report.share)),
        ("may differ", percent(report.limit)),
        ("dataset", report.dataset[:12]),
    )
    return [Lead(said if report.compared else "Nothing could be compared."), Facts(facts)]


def _features(report: SkewReport) -> Table:
    rows = [_row(each) for each in report.features]
    names = ("feature", "as offline", "compared", "mismatched", "missing", "extra", "largest difference", "causes")
    return Table(names, rows)


def _row(each: FeatureSkew) -> tuple[Code | Bar | int | float | str | None, ...]:
    share = each.equal / each.compared if each.compared else 0.0
    causes = ", ".join(f"{cause} {count:,}" for cause, count in each.causes.items())
    bar = Bar(percent(share), share, is_low=each.differing > 0)
    counts = (each.compared, each.mismatched, each.missing, each.extra)
    return (Code(each.feature), bar, *counts, each.largest, causes)


def _examples(examples: tuple[SkewExample, ...]) -> Table:
    rows = [
        (Code(each.feature), Code(each.request_id), moment_text(each.at), number_text(each.served),
         number_text(each.offline), each.cause, each.detail)
        for each in examples
    ]  # fmt: skip
    return Table(("feature", "request", "asked for", "served", "offline", "cause", "in detail"), rows)


def _unchecked(report: SkewReport) -> list[tuple[str, str]]:
    rows = list(report.unchecked.items())
    rows += [(f"{count:,} rows by {version}", "not registered") for version, count in report.unknown_versions.items()]
    if report.unread_lines:
        rows.append((f"{report.unread_lines:,} lines of the log", "they cannot be read"))
    return rows
