"""Describing: what a version says of its sources besides their rows: keys, provenance, and where columns come from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, TABLES_FOLDER, ColumnOrigin, SourceFacts
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.errors import SluicewayError
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.plans.ancestry import Ancestry
from sluiceway.plans.lineage import tables_read


def describe(project: Project, tables: Sequence[TableRef], own: Mapping[str, Sequence[str]]) -> tuple[SourceFacts, ...]:
    """Describe every source of a version.

    Args:
        project: What is declared.
        tables: The sources' tables.
        own: The columns of the files of sources that have both files and SQL.
    """
    columns = {table.source: _plain(table.column_names) for table in tables if table.is_below(TABLES_FOLDER)}
    ancestry = Ancestry(project.sources, columns, own)
    both = {name: tuple(names) for name, names in own.items() if project.source(name).sql is not None}
    return tuple(
        replace(_facts(source, project, columns, ancestry), file_columns=both.get(source.name, ()))
        for source in project.sources.values()
    )


def _facts(source: Source, project: Project, columns: Mapping[str, Sequence[str]], ancestry: Ancestry) -> SourceFacts:
    read = {table.lower() for table in tables_read(source.sql)} if source.sql else set()
    reads = tuple(name for name in project.sources if name.lower() in read and name != source.name)
    reason = ancestry.untraceable(source.name)
    lineage = () if source.sql is None or reason else _lineage(source.name, columns[source.name], ancestry)
    return SourceFacts(source.name, source.keys, reads, source.provenance, lineage, reason)


def _lineage(source: str, columns: Sequence[str], ancestry: Ancestry) -> tuple[ColumnOrigin, ...]:
    found = []
    for column in columns:
        try:
            origins = ancestry.of(source, column)
        except SluicewayError:
            continue
        found.append(ColumnOrigin(column, tuple(sorted(each for each in origins if each != (source, column)))))
    return tuple(found)


def _plain(names: Sequence[str]) -> list[str]:
    return [name for name in names if name not in {EVENT_TIME, KNOWN_TIME}]
