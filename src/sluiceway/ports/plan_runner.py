"""The plan runner: where views are computed, by plans of plain joins."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from sluiceway.artifacts.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa


class PlanRunner(Protocol):
    """Runs one statement of DuckDB's dialect, and gives the rows that DuckDB would, to the bit.

    It takes the statements of ``plans.plain_joins`` and ``plans.snapshot``; what it cannot run the same it refuses.
    Rows come in any order. Safe to share between threads. Every ``Engine`` is one.
    """

    def query(self, sql: str, tables: "Mapping[str, pa.Table | Rows]") -> "pa.Table":
        """Return the result.

        Args:
            sql: One ``SELECT``.
            tables: What it may read, by name; columns are of the types that tables are stored with. Of
                ``Rows`` that name their files, it may read these.

        Raises:
            MisuseError: the statement holds what would be computed otherwise here, named.
            SourceError: the statement fails, in the runner's own words.
        """
