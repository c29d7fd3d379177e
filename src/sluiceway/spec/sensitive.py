"""Sensitive columns: those that the spec names, and those whose values are made of them."""

from collections.abc import Mapping, Sequence

from sluiceway.artifacts.promise import SensitiveColumns
from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import SourceError
from sluiceway.declare.source import Source
from sluiceway.declare.spec import Spec
from sluiceway.plans.lineage import column_lineage, tables_read

Columns = Mapping[str, tuple[Column, ...]]


def sensitive_columns(
    spec: Spec, sources: Mapping[str, Source], columns: Columns, own: Columns
) -> tuple[SensitiveColumns, ...]:
    """Follow the columns that a spec names through all the SQL between sources.

    Args:
        spec: Names them; a name holds in every source.
        sources: What is declared, each after those that its SQL reads.
        columns: The columns of every source.
        own: The columns of the files of sources that have files and SQL.
    """
    if not spec.sensitive:
        return ()
    named = {name.lower() for name in spec.sensitive}
    hidden: dict[str, frozenset[str]] = {}
    found = []
    for name in sources:
        made, untraced = _made_of_hidden(sources[name], columns, own, hidden, named)
        names = _names(columns[name])
        here = names if untraced else [each for each in names if each.lower() in named | made]
        hidden[name] = frozenset(each.lower() for each in here)
        if here:
            found.append(SensitiveColumns(name, tuple(here), untraced))
    return tuple(found)


def _made_of_hidden(
    source: Source, columns: Columns, own: Columns, hidden: Mapping[str, frozenset[str]], named: set[str]
) -> tuple[set[str], str]:
    """Name the outputs of a source's SQL that are made of sensitive columns, or say why that cannot be told."""
    if source.sql is None:
        return set(), ""
    schemas = {name: _names(columns[name]) for name in hidden}
    if source.name in own:
        schemas[source.name] = _names(own[source.name])

    def is_hidden(table: str, column: str) -> bool:
        return column.lower() in (named if table == source.name else hidden[table])

    try:
        traced = column_lineage(source.sql, schemas)
    except SourceError as error:
        read = {name.lower() for name in tables_read(source.sql)}
        inside = any(is_hidden(table, each) for table in schemas if table.lower() in read for each in schemas[table])
        return set(), str(error) if inside else ""

    return {name.lower() for name, origins in traced.items() if any(is_hidden(*each) for each in origins)}, ""


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]
