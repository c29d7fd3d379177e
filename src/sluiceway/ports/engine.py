"""The engine: SQL over Arrow tables."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(Protocol):
    """Runs one statement of DuckDB's dialect in a session pinned to UTC. Safe to share between threads.

    It sees the tables it is given and nothing else: no files, no network, no state left by an earlier query. The same
    statement over the same rows gives the same rows; their order is the statement's own ``ORDER BY``, or none.
    """

    def query(self, sql: str, tables: "Mapping[str, pa.Table]") -> "pa.Table":
        """Return the result. Raises ``SourceError`` with the engine's own words when the statement fails."""
