"""Training rows: spine and views joined to the training table, many rows block by block."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from sluiceway.artifacts.rows import Rows
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.table_digest import normalise

BLOCK_ROWS = 500_000


def training_rows(
    facts: Facts, sql: str, spine: pa.Table, features: Sequence[pa.Table], *, block_rows: int = BLOCK_ROWS
) -> pa.Table | Rows:
    """Join by ``_row``; more rows than a block are joined block by block, and are not held together.

    Args:
        facts: The engine.
        sql: Joins ``spine`` with ``view_0`` and so on (see ``training_table``).
        spine: With ``_row`` from 0 in order.
        features: A table a view, ``_row`` and features, in any order.
        block_rows: How many rows are joined at once.
    """
    if spine.num_rows <= block_rows:
        return facts.ask(sql, spine=spine, **_named(features))
    ordered = [table if _is_in_order(table) else table.sort_by("_row") for table in features]

    def blocks() -> Iterator[pa.Table]:
        for start in range(0, spine.num_rows, block_rows):
            views = _named([table.slice(start, block_rows) for table in ordered])
            yield normalise(facts.ask(sql, spine=spine.slice(start, block_rows), **views))

    return facts.engine.keep(blocks())


def _named(tables: Sequence[pa.Table]) -> dict[str, pa.Table]:
    return {f"view_{index}": table for index, table in enumerate(tables)}


def _is_in_order(table: pa.Table) -> bool:
    row = table.column("_row").to_numpy()
    return bool((row[1:] > row[:-1]).all())
