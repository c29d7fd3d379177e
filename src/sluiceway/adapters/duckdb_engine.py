"""The engine on DuckDB, in this process and shut off from everything but the tables it is given."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sluiceway.core.errors import SourceError

if TYPE_CHECKING:  # commands that run no query should not wait for them
    import duckdb
    import pyarrow as pa

SHOWN = 200
LOCKED_DOWN = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}


class DuckdbEngine:
    """Runs each statement in a database of its own, in memory; larger than memory, it spills to the temporary folder.

    Result types follow from the statement and the tables' types alone; an integer's ``sum`` is ``decimal(38, 0)``.
    """

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads

    def query(self, sql: str, tables: "Mapping[str, pa.Table]", *, in_order: bool = False) -> "pa.Table":
        """Return the result of one ``SELECT``; with ``in_order`` to the same bits every time, on one thread.

        Raises:
            SourceError: the statement fails, is several, or is no ``SELECT``.
        """
        import duckdb

        try:
            with duckdb.connect(":memory:", config=self._settings(1 if in_order else self._threads)) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                connection.execute("SET lock_configuration = true")
                return _result(connection, sql, _whole(tables) if in_order else tables)
        except duckdb.Error as error:
            raise SourceError(f"{error}\nin: {_shortened(sql)}") from error

    def _settings(self, threads: int) -> dict[str, str | int]:
        spill = Path(tempfile.gettempdir()) / f"sluiceway-duckdb-{os.getpid()}"
        return {**LOCKED_DOWN, "threads": threads, "temp_directory": str(spill)}


def _result(connection: "duckdb.DuckDBPyConnection", sql: str, tables: "Mapping[str, pa.Table]") -> "pa.Table":
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise SourceError(f"write one SQL statement, not {len(statements)}: {_shortened(sql)}")
    if statements[0].type.name != "SELECT":
        raise SourceError(f"write a SELECT, not a statement of kind {statements[0].type.name}: {_shortened(sql)}")
    for name, table in tables.items():
        connection.register(name, table)
    return connection.sql(sql).to_arrow_table()


def _whole(tables: "Mapping[str, pa.Table]") -> "dict[str, pa.Table]":
    """Put every table in one piece: where the pieces end decides how floats are grouped in a sum."""
    return {name: table.combine_chunks() for name, table in tables.items()}


def _shortened(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
