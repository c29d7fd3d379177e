"""Criteria as a table: what a gate said, what holds it shut first."""

from collections.abc import Iterable

from sluiceway.core.verdict import Criterion, Measure, Outcome
from sluiceway.pages.number_text import moment_text
from sluiceway.pages.page import Cell, Table

COLUMNS = ("Verdict", "Check", "Measured", "Limit", "Detail")


def criteria_table(criteria: Iterable[Criterion]) -> Table:
    """List criteria, closed ones before overridden ones before the others."""
    order = list(Outcome)
    ranked = sorted(criteria, key=lambda each: -order.index(each.outcome) if each.outcome is not Outcome.PASSED else 0)
    rows = [(each.outcome, each.name, cell_of(each.measured), cell_of(each.limit), detail_of(each)) for each in ranked]
    return Table(COLUMNS, rows)


def detail_of(criterion: Criterion) -> str:
    """Write the detail, and until when an override lets it pass."""
    until = f"until {moment_text(criterion.valid_until)}" if criterion.valid_until else ""
    return ", ".join(filter(None, [criterion.detail, until]))


def cell_of(value: Measure) -> Cell:
    """Write a measure with six digits, so that it can be told from a limit that it barely misses."""
    return f"{value:.6g}" if isinstance(value, float) else value
