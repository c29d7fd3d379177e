"""Differences: what another version has more, less or otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.promise import Hidden
from sluiceway.artifacts.table_ref import TableRef, source_of


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """A column's share of missing values, 0 to 1, how many distinct ones it has, its mean, its least and greatest.

    What a column of its type cannot have is ``None``: texts have no mean, and their values are not shown. Nor are
    those of a sensitive column, which ``is_masked``.
    """

    missing: float | None
    distinct: int
    mean: float | None
    low: float | datetime | None
    high: float | datetime | None
    distinct_is_estimated: bool = False
    is_masked: bool = False


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column whose statistics differ; ``None`` where a version has no such column."""

    name: str
    before: ColumnStatistics | None
    after: ColumnStatistics | None


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """How many keys came, went, or have other rows now, by the columns ``key``.

    Rows are compared over the columns that both have with the same type, times aside; ``by_column`` counts the keys
    that changed in each.
    """

    key: tuple[str, ...]
    added: int
    removed: int
    changed: int
    by_column: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TableDifference:
    """A table whose content differs; 0 rows and no columns before or after where the version had no such table.

    ``columns_changed`` holds name, type before and type after. ``columns`` and ``keys`` are what a look at the rows
    found (see ``ingest.table_diff``); without one they are empty.
    """

    name: str
    rows_before: int
    rows_after: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    columns_changed: tuple[tuple[str, str, str], ...]
    columns: tuple[ColumnChange, ...] = ()
    keys: KeyDifference | None = None


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """What changed from one version to another; files by path."""

    before: str
    after: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    tables: tuple[TableDifference, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the two hold the same."""
        return not (self.added or self.removed or self.changed or self.tables)


def difference(before: DatasetVersion, after: DatasetVersion) -> VersionDifference:
    """Compare two versions."""
    old = {entry.path: entry.sha256 for entry in before.files}
    new = {entry.path: entry.sha256 for entry in after.files}
    return VersionDifference(
        before.version,
        after.version,
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(path for path in old.keys() & new.keys() if old[path] != new[path])),
        tables=_tables(before, after),
    )


def _tables(before: DatasetVersion, after: DatasetVersion) -> tuple[TableDifference, ...]:
    old = {table.name: table for table in before.tables}
    new = {table.name: table for table in after.tables}
    names = sorted(old.keys() | new.keys())
    pairs = [(name, old.get(name), new.get(name)) for name in names]
    return tuple(_table(name, was, now) for name, was, now in pairs if _content(was) != _content(now))


def _content(table: TableRef | None) -> str:
    return table.content_id if table else ""


def _table(name: str, before: TableRef | None, after: TableRef | None) -> TableDifference:
    old = {column.name: column.type for column in before.columns} if before else {}
    new = {column.name: column.type for column in after.columns} if after else {}
    return TableDifference(
        name,
        before.rows if before else 0,
        after.rows if after else 0,
        columns_added=tuple(column for column in new if column not in old),
        columns_removed=tuple(column for column in old if column not in new),
        columns_changed=tuple(
            (column, old[column], new[column]) for column in old if column in new and old[column] != new[column]
        ),
    )


def masked(found: VersionDifference, hidden: Hidden) -> VersionDifference:
    """Take the values out of the statistics of sensitive columns; counts and shares stay."""
    return replace(found, tables=tuple(_masked(table, hidden(source_of(table.name))) for table in found.tables))


def _masked(table: TableDifference, names: frozenset[str]) -> TableDifference:
    changes = [
        replace(each, before=_without_values(each.before), after=_without_values(each.after))
        if each.name.lower() in names
        else each
        for each in table.columns
    ]
    return replace(table, columns=tuple(changes))


def _without_values(found: ColumnStatistics | None) -> ColumnStatistics | None:
    return found and replace(found, mean=None, low=None, high=None, is_masked=True)
