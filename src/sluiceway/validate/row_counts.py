"""Layer A: how many rows a source has, by itself and beside the reference."""

from dataclasses import replace

from sluiceway.artifacts.validation_report import RuleCheck
from sluiceway.validate.rules import blank
from sluiceway.validate.side import Side
from sluiceway.validate.source_table import SourceTable


def measure_row_counts(table: SourceTable, then: Side | None) -> list[RuleCheck]:
    """Measure every ``rows`` and ``rows_change`` expectation of a source; rows in quarantine do not count.

    Args:
        table: The source now.
        then: The source in the reference version, where there is one.
    """
    wanted = [each for each in table.source.expectations if each.kind in {"rows", "rows_change"}]
    checks = []
    for each in wanted:
        check = replace(blank(table.source.name, each), rows=table.height)
        checks.append(replace(check, measured=table.height) if each.kind == "rows" else _change(check, table, then))
    return checks


def _change(check: RuleCheck, table: SourceTable, then: Side | None) -> RuleCheck:
    if then is None:
        return replace(check, needs_reference=True, note="there is no earlier version to compare with")
    if not then.height:
        return replace(check, note="the reference has no rows, so that no share of them can be told")
    change = abs(table.height - then.height) / then.height
    return replace(check, measured=change, note=f"{then.height:,} rows then, {table.height:,} now")
