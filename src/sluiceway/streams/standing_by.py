"""Standing by: a worker waits for a partition for as long as another shows that it is at work on it."""

from dataclasses import dataclass

from sluiceway.core.errors import ConflictError, TransientError
from sluiceway.ports.pane_store import PaneStore
from sluiceway.streams.partition_header import PartitionHeader, unpack_header

STAND_BY_S = 5.0
RUN = "run-"  # what the names of runs that seal begin with


@dataclass(slots=True)
class Waiting:
    """A partition that is assigned, but not owned: when to try next, and whether to look before who is at work.

    ``why`` says why it is not owned, ``last`` how far it was when it was given up, as the store did not answer.
    """

    until: float = 0.0
    looks: bool = False
    seen: bytes = b""
    why: str = ""
    last: PartitionHeader | None = None

    def is_taken(self, stored: bytes, *, mine: str, now: float) -> bool:
        """Whether another has committed since the last look, and has not left; the next is in some seconds.

        Args:
            stored: The partition's header as it is now.
            mine: This worker's name.
            now: Seconds that passed.
        """
        before, self.seen, self.until = self.seen, stored, now + STAND_BY_S
        header = unpack_header(stored)
        return stored != before and header is not None and header.owner not in {"", mine}


def why_refused(error: ConflictError, partition: str, panes: PaneStore) -> str:
    """Say who had a partition when a commit was refused: runs that seal have each for a moment, and leave it."""
    try:
        header = unpack_header(panes.header(partition))
    except TransientError:
        return str(error)
    if header is not None and header.owner.startswith(RUN):
        return "a run seals it; this worker goes on once that is done"
    if header is not None and not header.owner:
        return "a run sealed it, or a worker had it and left; this worker goes on from there in some seconds"
    return str(error)
