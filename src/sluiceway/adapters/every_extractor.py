"""Every extractor: the one that speaks an origin's scheme, made when it is first needed."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from sluiceway.artifacts.landing import Bound, Counted
from sluiceway.ports.extractor import Extraction, Extractor, Origin, Since


class EveryExtractor:
    """Reads databases and APIs of a project; files of SQLite and DuckDB are looked for in its folder.

    From ``ordered_from_rows`` on, databases that can are asked for rows by their cursor: fewer are read again as fast.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], *, ordered_from_rows: int = 200_000) -> None:
        self._ordered_from_rows = ordered_from_rows
        self._folder = folder
        self._environment = environment
        self._made: dict[str, Extractor] = {}

    def place(self, origin: Origin) -> str:
        """Identify where an origin is."""
        return self._of(origin).place(origin)

    def probe(self, origin: Origin, bound: Bound) -> Counted | None:
        """Count, cheaply, where that can be done."""
        return self._of(origin).probe(origin, bound)

    def read(self, origin: Origin, since: Since | None = None) -> AbstractContextManager[Extraction]:
        """Read every row, or those at or beyond a bound."""
        return self._of(origin).read(origin, since)

    def _of(self, origin: Origin) -> Extractor:
        makers: Mapping[str, Callable[[], Extractor]] = {
            "postgresql": self._postgres,
            "mysql": self._mysql,
            "sqlite": self._sqlite,
            "duckdb": self._duckdb,
        }
        scheme = origin.scheme
        if scheme not in self._made:
            self._made[scheme] = makers.get(scheme, self._rest)()
        return self._made[scheme]

    def _postgres(self) -> Extractor:
        from sluiceway.adapters.postgres_extractor import POSTGRES
        from sluiceway.adapters.sql_extractor import SqlExtractor

        return SqlExtractor(POSTGRES, self._environment, ordered_from_rows=self._ordered_from_rows)

    def _mysql(self) -> Extractor:
        from sluiceway.adapters.mysql_extractor import MYSQL
        from sluiceway.adapters.sql_extractor import SqlExtractor

        return SqlExtractor(MYSQL, self._environment, ordered_from_rows=self._ordered_from_rows)

    def _sqlite(self) -> Extractor:
        from sluiceway.adapters.sql_extractor import SqlExtractor
        from sluiceway.adapters.sqlite_extractor import sqlite_kind

        return SqlExtractor(sqlite_kind(self._folder), self._environment, ordered_from_rows=self._ordered_from_rows)

    def _duckdb(self) -> Extractor:
        from sluiceway.adapters.duckdb_extractor import duckdb_kind
        from sluiceway.adapters.sql_extractor import SqlExtractor

        return SqlExtractor(duckdb_kind(self._folder), self._environment, ordered_from_rows=self._ordered_from_rows)

    def _rest(self) -> Extractor:
        from sluiceway.adapters.rest_extractor import RestExtractor

        return RestExtractor(self._environment)
