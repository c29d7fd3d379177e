"""What changed between two versions, in words."""

from collections.abc import Iterator
from datetime import datetime

from sluiceway.cli.answer import text
from sluiceway.core.moments import iso
from sluiceway.ingest.diff import ColumnChange, ColumnStatistics, KeyDifference, TableDifference, VersionDifference

MOST_COLUMNS = 12


def difference_lines(found: VersionDifference) -> list[str]:
    """Say what changed, a line each: files, then tables with their keys and columns."""
    files = [("+", found.added), ("-", found.removed), ("~", found.changed)]
    lines = [f"  {sign} {path}" for sign, paths in files for path in paths]
    return [*lines, *(line for table in found.tables for line in table_lines(table))] or ["  nothing changed"]


def table_lines(table: TableDifference) -> Iterator[str]:
    """Say how a table changed."""
    columns = [f"+{name}" for name in table.columns_added] + [f"-{name}" for name in table.columns_removed]
    columns += [f"{name}: {before} -> {after}" for name, before, after in table.columns_changed]
    counts = f"{table.rows_before:,} -> {table.rows_after:,} rows"
    yield f"  ~ {table.name}: {counts}{'; ' if columns else ''}{', '.join(columns)}"
    if table.keys is not None:
        yield f"      {key_line(table.keys)}"
    changed = [change for change in table.columns if change.before and change.after]
    yield from (f"      {change.name}: {'; '.join(column_words(change))}" for change in changed[:MOST_COLUMNS])
    if len(changed) > MOST_COLUMNS:
        yield f"      and {len(changed) - MOST_COLUMNS} more columns: --json"


def key_line(keys: KeyDifference) -> str:
    """Count the keys that came, went and changed."""
    most = sorted(keys.by_column.items(), key=lambda each: (-each[1], each[0]))[:MOST_COLUMNS]
    which = f" ({', '.join(f'{column} of {count:,}' for column, count in most)})" if most else ""
    counts = f"{keys.added:,} added, {keys.removed:,} removed, {keys.changed:,} changed{which}"
    return f"keys ({', '.join(keys.key)}): {counts}"


def column_words(change: ColumnChange) -> Iterator[str]:
    """Say which of a column's statistics changed."""
    then, now = change.before, change.after
    if then is None or now is None:
        return
    if then.missing != now.missing:
        yield f"missing {share(then.missing)} -> {share(now.missing)}"
    if then.distinct != now.distinct:
        yield f"distinct {distinct(then)} -> {distinct(now)}"
    for name, before, after in (
        ("mean", then.mean, now.mean),
        ("min", then.low, now.low),
        ("max", then.high, now.high),
    ):
        if before != after:
            yield f"{name} {value(before)} -> {value(after)}"
    if now.is_masked:
        yield "sensitive, so that no value is shown"


def share(missing: float | None) -> str:
    """Write a share in percent."""
    return "-" if missing is None else f"{missing:.2%}"


def distinct(column: ColumnStatistics) -> str:
    """Write how many values there are, and whether that is an estimate."""
    return f"{'about ' if column.distinct_is_estimated else ''}{column.distinct:,}"


def value(found: float | datetime | None) -> str:
    """Write a number or a moment."""
    return iso(found) if isinstance(found, datetime) else text(found)
