"""Derived tables in memory: for tests."""

import pyarrow as pa

from sluiceway.adapters.table_names import checked_key


class MemoryDerived:
    """Tables in a dictionary. Shared by the threads of one process, and gone with it."""

    def __init__(self) -> None:
        self.tables: dict[str, pa.Table] = {}

    def put(self, key: str, table: pa.Table) -> None:
        """Keep a table under a key."""
        self.tables[checked_key(key)] = table

    def get(self, key: str) -> pa.Table | None:
        """Return the table; ``None`` when it is not there."""
        return self.tables.get(checked_key(key))

    def drop(self, keys: list[str]) -> None:
        """Forget tables."""
        for key in keys:
            self.tables.pop(checked_key(key), None)
