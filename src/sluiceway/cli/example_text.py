"""Example rows for people: a table below the check that they break."""

from collections.abc import Iterator

from sluiceway.artifacts.example_rows import ExampleRows
from sluiceway.artifacts.validation_report import RuleCheck, ValidationReport
from sluiceway.cli.answer import table_lines

INDENT = "      "


def broken_lines(report: ValidationReport) -> Iterator[str]:
    """Show the rows that break each rule, rule by rule."""
    for check in report.rules:
        if check.broken_rows.rows:
            yield from ("", f"  {check.source}: {check.name}: {counted(check)}")
            yield from row_lines(check.broken_rows)


def counted(check: RuleCheck) -> str:
    """Say how many rows break a rule, which share that is, and how many of them are shown."""
    shown = len(check.broken_rows.rows)
    of = f" of {check.rows:,} rows ({100 * check.broken / check.rows:.3g} %)" if check.is_share else " rows"
    return f"{check.broken:,}{of}" + (f", the first {shown}" if shown < check.broken else "")


def row_lines(shown: ExampleRows) -> list[str]:
    """Lay rows out under their columns' names."""
    return [INDENT + line for line in table_lines(shown.columns, shown.rows)]
