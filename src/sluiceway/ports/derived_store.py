"""Derived tables: what was made of stored tables and can be made again, kept so that it need not be."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class DerivedStore(Protocol):
    """Arrow tables by key. Safe to share between threads and processes; nothing in it is the only copy of anything.

    A key is a plain relative path and may end in ``@`` and the content id of the table that it was made of, so that a
    sweep can tell whether it is still of use. A write is atomic. A table that is given back is, to the bit, what was
    put under the key; one that was damaged, or only half written, is not given back.
    """

    def put(self, key: str, table: "pa.Table") -> None:
        """Keep a table under a key, in place of what may be there. Raises ``SourceError`` when the place refuses."""

    def get(self, key: str) -> "pa.Table | None":
        """Return the table, its columns read only as far as they are looked at; ``None`` when it is not there."""

    def drop(self, keys: "list[str]") -> None:
        """Forget tables; a key that is not there is none to forget."""


class NothingDerived:
    """Stands where nothing is kept: all is made again whenever it is asked for."""

    def put(self, key: str, table: "pa.Table") -> None:
        """Forget it at once."""

    def get(self, key: str) -> "pa.Table | None":  # noqa: ARG002
        """Have nothing."""
        return None

    def drop(self, keys: "list[str]") -> None:
        """Have nothing to forget."""


NOTHING_DERIVED = NothingDerived()
