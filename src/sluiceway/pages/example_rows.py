"""Example rows: a few of the rows, or of the values, that break a rule."""

from sluiceway.artifacts.example_rows import ExampleRows
from sluiceway.artifacts.validation_report import RuleCheck
from sluiceway.pages.page import Block, Code, Table


def example_blocks(check: RuleCheck) -> list[Block]:
    """Show the rows that break a rule, or, where there are none to show, a few of the values."""
    if check.broken_rows.rows:
        return [example_table(check.broken_rows)]
    return [Code("\n".join(_visible(each) for each in check.examples))] if check.examples else []


def example_table(shown: ExampleRows) -> Table:
    """Write rows under their columns' names."""
    rows = [[None if value is None else _visible(value) for value in row] for row in shown.rows]
    return Table(shown.columns, rows, is_narrow=True)


def _visible(text: str) -> str:
    """Put a text in quotes that would look like another: an empty one, or one with space around it."""
    return text if text == text.strip() and text else repr(text)
