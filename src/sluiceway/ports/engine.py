"""The engine: SQL over Arrow tables."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(Protocol):
    """Runs one statement of DuckDB's dialect in a session pinned to UTC. Safe to share between threads.

    It sees the tables it is given and nothing else: no files, no network, no state left by an earlier query. Result
    types follow from the statement and the tables' types. The same statement over the same rows gives the same rows,
    except that a ``sum`` or ``avg`` of floats may differ in its last bits, and that what the statement leaves open (the
    order, who of equals comes first) may be decided otherwise. With ``in_order`` neither can happen.
    """

    def query(self, sql: str, tables: "Mapping[str, pa.Table]", *, in_order: bool = False) -> "pa.Table":
        """Return the result.

        Args:
            sql: One ``SELECT``.
            tables: What it may read, by name.
            in_order: Work through the rows in their order, on one thread: slower, but the same rows in the same order
                give the same bits in the same order every time, however they are chunked.

        Raises:
            SourceError: the statement fails, in the engine's own words.
        """
