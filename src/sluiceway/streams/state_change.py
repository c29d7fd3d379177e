"""State changes: more than one commit should hold, written some at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluiceway.ports.pane_store import PaneCommit, PaneStore, Row
from sluiceway.streams.partition_header import PartitionHeader, pack_header, unpack_header

MOST_ROWS = 5_000  # a commit, and served values: whoever reads the store waits for it


@dataclass(frozen=True, slots=True)
class StateChange:
    """Rows of state to put and to drop, and values to serve of them."""

    put: Sequence[Row] = ()
    drop: Sequence[bytes] = ()
    online: Sequence[tuple[str, bytes, bytes]] = ()


def write_change(
    panes: PaneStore, name: str, change: StateChange, header: PartitionHeader, *, seen: bytes, is_beginning: bool
) -> None:
    """Write a change upon the header that was ``seen`` stored; of a beginning, what is there is whole with the last.

    Raises:
        ConflictError: another has written since.
        TransientError: the store did not answer.
    """
    before = unpack_header(seen)
    sequence = 0 if before is None else before.sequence + 1
    turns = range(0, max(len(change.put), len(change.online), 1), MOST_ROWS)
    for number, at in enumerate(turns):
        upto = at + MOST_ROWS
        is_whole = upto >= turns.stop or not is_beginning
        data = pack_header(header.following(sequence=sequence + number, is_whole=is_whole))
        drop = [] if at else change.drop
        panes.commit(name, PaneCommit(seen, data, change.put[at:upto], drop, change.online[at:upto]))
        seen = data
