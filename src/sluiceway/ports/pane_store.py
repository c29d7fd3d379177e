"""The pane store: what streams keep of a partition, written with its offset and with what is served, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Row = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class PaneCommit:
    """One change of a partition. ``before`` is the header that it builds upon, empty where there is none.

    ``put`` and ``drop`` are rows of state; no key is in both. ``online`` are values by ``(view, key)``, which take
    effect as ``OnlineStore.write`` says, in the same moment; those in ``forced`` whatever is stored.
    """

    before: bytes
    header: bytes
    put: Sequence[Row] = ()
    drop: Sequence[bytes] = ()
    online: Sequence[tuple[str, bytes, bytes]] = ()
    forced: Sequence[tuple[str, bytes, bytes]] = ()


class PaneStore(Protocol):
    """State by partition, next to the online store's values. Safe to share between threads and processes.

    A commit is atomic and durable as the store is: after a kill at any moment it is there as a whole, or not at all.
    Of two commits that build upon one header, exactly one takes effect. The store looks into no header and no row.
    """

    def header(self, partition: str) -> bytes:
        """Return the header of the last commit, empty before the first."""

    def load(self, partition: str, keys: Sequence[bytes] | None = None) -> tuple[bytes, list[Row]]:
        """Return the header and all rows, or of those with some keys the ones that are there, of one moment."""

    def commit(self, partition: str, change: PaneCommit) -> None:
        """Make one change.

        Raises:
            ConflictError: another header is stored than the change builds upon; nothing was changed.
            TransientError: the store did not answer; the change may have been made or not. Load again to know.
            MisuseError: an online value is shorter than its stamp; nothing was changed.
        """

    def partitions(self, beginning: str) -> list[str]:
        """List the partitions whose name begins with these letters, in order."""

    def forget(self, partition: str) -> None:
        """Remove a partition's header and rows; served values stay."""
