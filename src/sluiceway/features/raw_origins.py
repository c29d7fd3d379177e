"""Raw origins: the columns of files that a source's columns are made from, through all the SQL between."""

from collections.abc import Mapping

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.errors import SluicewayError
from sluiceway.declare.project import Project
from sluiceway.features.binding import kinds_of
from sluiceway.plans.lineage import Origins, column_lineage, tables_read


def raw_origins(project: Project, dataset: DatasetVersion, name: str) -> Mapping[str, Origins]:
    """Give each column of a source with the ``(source, column)`` pairs it is made from, as far back as SQL goes.

    A source of files alone is made from itself. Where SQL cannot be traced, nothing is given.
    """
    source = project.sources.get(name)
    if source is None or source.sql is None:
        return {column: frozenset({(name, column)}) for column in kinds_of(dataset, name)}
    try:
        read = [
            other for other in project.sources if other.lower() in {table.lower() for table in tables_read(source.sql)}
        ]
        traced = column_lineage(source.sql, {other: list(kinds_of(dataset, other)) for other in read})
    except SluicewayError:
        return {}  # a source that reads its own files under its own name, say, whose columns no table holds
    further = {other: raw_origins(project, dataset, other) for other in read if other != name}
    return {
        column: frozenset(raw for table, part in origins for raw in further.get(table, {}).get(part, {(table, part)}))
        for column, origins in traced.items()
    }
