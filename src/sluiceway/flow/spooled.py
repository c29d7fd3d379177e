"""Spooled: up to where nobody reads the project's own topics any more."""

from sluiceway.artifacts.event_landing import EVENT_LANDINGS, recalled_event_landing
from sluiceway.core.errors import DamagedError, MisuseError
from sluiceway.flow.kit import Kit
from sluiceway.flow.table_start import landed_in, starting_dataset
from sluiceway.streams.partition_header import unpack_header
from sluiceway.streams.stream_plan import SPOOL, is_seeds


def read_upto(kit: Kit) -> dict[str, int]:
    """Tell of each topic the offset of the first message that somebody may read again.

    What is before it has landed in the dataset that streams begin with, and every stream of its source has learnt it.
    A topic that several sources have is read by the slowest; one that has not landed is not named.

    Raises:
        TransientError: the store with the streams' state does not answer.
    """
    found: dict[str, int] = {}
    for info in kit.objects.list(EVENT_LANDINGS):
        landing = recalled_event_landing(kit.objects.get(info.key))
        if landing is not None and landing.origin[0] == SPOOL:
            topic, upto = landing.origin[1], _upto(landing.source, landing.origin, kit)
            found[topic] = min(upto, found.get(topic, upto))
    return found


def _upto(source: str, origin: tuple[str, str], kit: Kit) -> int:
    try:
        landed = landed_in(starting_dataset(source, kit), source, origin, kit) or ()
    except (DamagedError, MisuseError):  # no dataset is left to begin with: its messages may be all that there is
        return 0
    panes, offsets = kit.panes(), [each.offset for each in landed]
    for name in () if panes is None else panes.partitions(f"{source}/"):
        header = None if panes is None or is_seeds(name) else unpack_header(panes.header(name))
        offsets += [] if header is None else [header.offset]
    return min(offsets) if landed else 0
