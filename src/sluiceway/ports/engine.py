"""The engine: SQL over Arrow tables, and over rows that are too many to be held."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from sluiceway.artifacts.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(Protocol):
    """Runs one statement of DuckDB's dialect in a session pinned to UTC. Safe to share between threads.

    It sees the tables it is given and nothing else: no files, no network, no state left by an earlier query. Result
    types follow from the statement and the tables' types. The same statement over the same rows gives the same rows,
    except that a ``sum`` or ``avg`` of floats may differ in its last bits, and that what the statement leaves open (the
    order, who of equals comes first) may be decided otherwise. With ``in_order`` neither can happen.

    ``Rows`` that it gives lie where it likes for as long as somebody holds on to them, and are gone with the process.
    None of ``derive``, ``keep``, ``parquet`` and ``sort`` holds a large table whole, or more than a piece of it at a
    time; what a statement itself gathers (groups, joins, orders) is the engine's to limit.
    """

    def query(self, sql: str, tables: "Mapping[str, pa.Table | Rows]", *, in_order: bool = False) -> "pa.Table":
        """Return the result.

        Args:
            sql: One ``SELECT``.
            tables: What it may read, by name.
            in_order: Work through the rows in their order, on one thread: slower, but the same rows in the same order
                give the same bits in the same order every time, however they are chunked.

        Raises:
            SourceError: the statement fails, in the engine's own words.
        """

    def derive(self, sql: str, tables: Mapping[str, Rows]) -> Rows:
        """Keep the result as tables are stored (see ``plans.table_digest.normalise``), worked through ``in_order``.

        The bits are those that ``query`` gives ``in_order``, whether the rows are held or not.

        Raises:
            SourceError: the statement fails, in the engine's own words, or a result's type has no kind.
        """

    def keep(self, pieces: "Iterable[pa.Table]") -> Rows:
        """Keep tables of one schema below each other, in their order; at least one, so that the columns are known."""

    def parquet(self, chunks: Iterable[bytes], *, path: str) -> Rows:
        """Keep a Parquet file, and read its rows as they are asked for.

        Args:
            chunks: Its bytes.
            path: What errors call it.

        Raises:
            SourceError: the bytes are no Parquet file; that may show only as the rows are read.
        """

    def sort(self, rows: Rows, *, nulls_last: bool = False) -> Rows:
        """Sort by all columns from left to right, texts by their UTF-8 bytes, NaN above all numbers, nulls at one end.

        The rows are of types as tables are stored, and of no column that holds both 0.0 and -0.0.
        """
