"""Ancestry: the columns of files that a source's columns are made of, through all the SQL between."""

from collections.abc import Mapping, Sequence

from sluiceway.core.errors import SluicewayError
from sluiceway.declare.expression_kind import column_named
from sluiceway.declare.source import Source
from sluiceway.plans.lineage import Origins, column_lineage, mixes_rows, tables_read


class Ancestry:
    """Traces columns of sources down to columns of files, through any number of SQL sources."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        columns: Mapping[str, Sequence[str]],
        own: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Take the sources and their columns by name.

        Args:
            sources: What is declared. A source that is not among them counts as one of files.
            columns: The columns of every source, without its times.
            own: The columns of the files of sources that have both files and SQL, where they are known.
        """
        self._sources = sources
        self._columns = columns
        self._own = own or {}
        self._direct: dict[str, tuple[Mapping[str, Origins], str]] = {}

    def of(self, source: str, column: str) -> Origins:
        """Return the ``(source, column)`` pairs that a column's values are made of, as far back as SQL goes.

        A column of a file is its own origin; so is one made of nothing, such as ``count(*)``, and one whose source's
        SQL cannot be traced.

        Raises:
            UnknownNameError: the source has no such column.
        """
        name = column_named(column, self._columns[source])
        found: set[tuple[str, str]] = set()
        for table, parent in self._parents(source)[0].get(name.lower(), frozenset()):
            found |= {(table, parent)} if table == source else self.of(table, parent)
        return frozenset(found or {(source, name)})

    def direct(self, source: str) -> Mapping[str, Origins]:
        """Return what each column of a source, in small letters, is made from one step back; nothing without SQL."""
        return self._parents(source)[0]

    def mixes_rows(self, source: str) -> bool:
        """Whether a row of a source may hold values of several rows of its files."""
        sql = self._sql(source)
        return sql is not None and (mixes_rows(sql) or any(self.mixes_rows(name) for name in self._read(source, sql)))

    def untraceable(self, source: str) -> str:
        """Say why a source, or one that it reads, cannot be traced; nothing when all can."""
        sql = self._sql(source)
        if sql is None:
            return ""
        reasons = [self._parents(source)[1], *(self.untraceable(name) for name in self._read(source, sql))]
        return next(filter(None, reasons), "")

    def _sql(self, source: str) -> str | None:
        declared = self._sources.get(source)
        return None if declared is None else declared.sql

    def _read(self, source: str, sql: str) -> list[str]:
        """Name the other sources that a statement reads, as they are declared."""
        wanted = {table.lower() for table in tables_read(sql)}
        return [name for name in self._sources if name.lower() in wanted and name != source]

    def _parents(self, source: str) -> tuple[Mapping[str, Origins], str]:
        """Give each column, in small letters, with what it is directly made of, or say why that cannot be told."""
        if source not in self._direct:
            self._direct[source] = self._traced(source)
        return self._direct[source]

    def _traced(self, source: str) -> tuple[Mapping[str, Origins], str]:
        sql = self._sql(source)
        if sql is None:
            return {}, ""
        schemas = {name: columns for name, columns in self._columns.items() if name != source}
        if source in self._own:
            schemas[source] = self._own[source]
        try:
            return {name.lower(): origins for name, origins in column_lineage(sql, schemas).items()}, ""
        except SluicewayError as error:
            return {}, str(error)
