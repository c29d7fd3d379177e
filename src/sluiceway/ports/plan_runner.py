"""The plan runner: where plans of plain joins run instead of in this process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ParquetFiles:
    """A table that the runner reads by itself: files of one schema that it can reach, and that schema."""

    paths: Sequence[str]
    schema: "pa.Schema"


class PlanRunner(Protocol):
    """Runs one statement of DuckDB's dialect elsewhere, and gives the rows that DuckDB would, to the bit.

    It takes the statements of ``plans.plain_joins`` and ``plans.snapshot``; what it cannot run the same it refuses.
    Rows come in any order. Safe to share between threads.
    """

    def query(self, sql: str, tables: "Mapping[str, pa.Table | ParquetFiles]") -> "pa.Table":
        """Return the result.

        Args:
            sql: One ``SELECT``.
            tables: What it may read, by name; columns are of the types that tables are stored with.

        Raises:
            MisuseError: the statement holds what would be computed otherwise here, named.
            SourceError: the statement fails, in the runner's own words.
        """
