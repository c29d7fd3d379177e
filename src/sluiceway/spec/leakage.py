"""Leakage by lineage: an input that comes from the very facts that decide the label."""

from collections.abc import Mapping, Sequence

from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import SourceError
from sluiceway.declare.expression_kind import column_named
from sluiceway.declare.pipeline import Label
from sluiceway.declare.source import Source
from sluiceway.plans.lineage import column_lineage, mixes_rows, tables_read
from sluiceway.spec.findings import Findings

RawColumn = tuple[str, str]


class Ancestry:
    """Traces columns of sources down to columns of files, through any number of SQL sources."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        columns: Mapping[str, Sequence[Column]],
        own: Mapping[str, Sequence[Column]],
    ) -> None:
        """Take the columns of every source, and those of the files of sources that have files."""
        self._sources = sources
        self._columns = columns
        self._own = own
        self._known: dict[str, Mapping[str, frozenset[RawColumn]]] = {}

    def of(self, source: str, column: str) -> frozenset[RawColumn]:
        """Return the file columns, by source and name, that a column's values are made of.

        Raises:
            SourceError: the lineage of a source's SQL cannot be told.
        """
        declared = self._sources[source]
        if declared.sql is None:
            return frozenset({(source, self._spelled(source, column))})
        if source not in self._known:
            self._known[source] = self._direct(declared)
        found: set[RawColumn] = set()
        for table, parent in self._known[source].get(self._spelled(source, column), frozenset()):
            found |= {(table, parent)} if table == source else self.of(table, parent)
        return frozenset(found)

    def mixes_rows(self, source: str) -> bool:
        """Whether a row of a source may hold values of several rows of its files."""
        declared = self._sources[source]
        if declared.sql is None:
            return False
        parents = {name for name in tables_read(declared.sql) if name in self._sources and name != source}
        return mixes_rows(declared.sql) or any(self.mixes_rows(parent) for parent in parents)

    def _spelled(self, source: str, column: str) -> str:
        """Write a column as its source does; expressions may write it in another case."""
        return column_named(column, {known.name: known.type for known in self._columns[source]})

    def _direct(self, source: Source) -> Mapping[str, frozenset[RawColumn]]:
        schemas = {name: [column.name for column in columns] for name, columns in self._columns.items()}
        schemas.pop(source.name, None)
        if source.name in self._own:
            schemas[source.name] = [column.name for column in self._own[source.name]]
        return column_lineage(source.sql or "", schemas)


def check_leaks(label: Label, inputs: Sequence[str], ancestry: Ancestry, findings: Findings) -> None:
    """Note every input whose values are made of a file's column that also decides the label.

    Where the label's source looks across rows (tomorrow's rain), sharing a column says nothing; what leaks then is for
    gate 5 to find.
    """
    if ancestry.mixes_rows(label.source.name):
        return
    try:
        deciding = {raw for column in label.condition.columns for raw in ancestry.of(label.source.name, column)}
        for name in inputs:
            for source, column in sorted(ancestry.of(label.each.name, name) & deciding):
                findings.note(
                    f"input {name!r} of {label.each.name} comes from {source}.{column}, which decides the label "
                    f"{label.name!r}: it is known only after the event. Take it out of the inputs; what was known of "
                    "it earlier belongs in a feature view, where times are kept"
                )
    except SourceError as error:
        findings.note(f"label {label.name!r}: where the inputs come from cannot be told: {error}")
