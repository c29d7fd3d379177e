"""Stream states: what streams keep of partitions, swept where no view in use is kept up from it.

A worker of a stream that was swept after all begins anew with the table, as a new one does.
"""

from collections.abc import Callable, Sequence

from sluiceway.ports.pane_store import PaneStore
from sluiceway.ports.sweepable import STREAM, Leftover, view_key
from sluiceway.streams.partition_header import PartitionHeader, unpack_header

DAY_US = 86_400_000_000
STATE = "stream@"


class StreamStates:
    """The streams of a pane store. One goes when none of its views is kept, or others went on with all of these.

    That is so if another stream has a view too, and wrote more than a day after this one had written for the last
    time: the sources' views changed, and nobody runs the old ones. Streams whose workers never said what they keep up
    stay, until one of them writes.
    """

    def __init__(self, panes: PaneStore) -> None:
        self._panes = panes

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name the partitions that are not kept, sorted by key."""
        found = {name: unpack_header(self._panes.header(name)) for name in self._panes.partitions("")}
        known = {name: header for name, header in found.items() if header is not None and header.views}
        newest: dict[str, int] = {}
        for header in known.values():
            newest |= {view: max(header.written, newest.get(view, 0)) for view in header.views}

        def goes(header: PartitionHeader) -> bool:
            kept = [view for view in header.views if is_kept(view_key(view))]
            return all(newest[view] - header.written > DAY_US for view in kept)

        return [
            Leftover(STATE + name, self._size(name), STREAM) for name, header in sorted(known.items()) if goes(header)
        ]

    def remove(self, found: Sequence[Leftover]) -> None:
        """Forget the partitions that ``leftovers`` named, each at once."""
        for each in found:
            self._panes.forget(each.key.removeprefix(STATE))

    def _size(self, name: str) -> int:
        return sum(len(key) + len(value) for key, value in self._panes.load(name)[1])
