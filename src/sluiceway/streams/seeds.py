"""Seeds: what batch knows of the entities that no partition of a topic has met, for the one that meets them first.

They lie beside the state of a stream's partitions, a row for each key of the topic: the watermark that they were made
at, and rows of state. Whoever meets a key takes its row over, if its own watermark has reached that one: what is in it
then comes to that partition only late. So does a partition of which nothing had landed. Others that meet a key wait for
the next sealing. The seeds that a stream began with are anybody's: all partitions begin behind what is in them.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.ports.pane_store import PaneCommit, PaneStore, Row
from sluiceway.streams.partition_header import PartitionHeader, pack_header
from sluiceway.streams.topic_keys import TopicKeys

ANYBODYS = -(1 << 63)
MOST_SEEDS = 2_000  # in a commit: whoever reads the store waits for it


class SeedHeader(PartitionHeader, frozen=True, kw_only=True):
    """When seeds were made, for which views, and of which partitions nothing had landed by then.

    ``begins`` are the places behind which the partitions begin; without any, they begin with the oldest message.
    """

    unlanded: tuple[int, ...] = ()
    begins: tuple[LandedPartition, ...] = ()


class Seed(msgspec.Struct, array_like=True, frozen=True):
    """What is known of one key: rows of state, as of a watermark."""

    watermark: int
    rows: list[Row]


_pack = msgspec.msgpack.Encoder().encode
_to_seed = msgspec.msgpack.Decoder(Seed).decode


class Seeds:
    """The seeds of one stream, as one of its partitions reads them."""

    def __init__(self, panes: PaneStore, name: str, number: int) -> None:
        """Look when they were made; a later sealing takes the partition over, and then they are looked up anew."""
        self._panes, self._name = panes, name
        header = seed_header(panes, name)
        self._is_there = header is not None
        self._is_unlanded = header is not None and number in header.unlanded

    def of(self, keys: Iterable[bytes], *, before: int | None, after: int | None) -> list[Row]:
        """Give the rows of state of some keys that are met now.

        Args:
            keys: The topic's keys.
            before: The partition's watermark before it met them.
            after: Its watermark then.

        Raises:
            TransientError: the store did not answer.
        """
        reached = after if before is None and self._is_unlanded else before
        if not self._is_there or reached is None:
            return []
        _, found = self._panes.load(self._name, sorted(keys))
        seeds = [_to_seed(value) for _, value in found]
        return [row for seed in seeds if seed.watermark <= reached for row in seed.rows]


def seed_header(panes: PaneStore, name: str) -> SeedHeader | None:
    """Read the header of a stream's seeds; ``None`` where it has none.

    Raises:
        TransientError: the store did not answer.
    """
    data = panes.header(name)
    return msgspec.json.decode(data, type=SeedHeader) if data else None


def seeded_rows(panes: PaneStore, name: str) -> dict[bytes, list[Row]]:
    """Read the rows of state in all seeds, by key. Raises as ``seed_header`` does."""
    return {key: _to_seed(value).rows for key, value in panes.load(name)[1]}


def seeds_by_key(keys: TopicKeys, rows: Iterable[Row]) -> dict[bytes, list[Row]]:
    """Sort rows of state by whose they are."""
    found: dict[bytes, list[Row]] = {}
    for row in rows:
        found.setdefault(keys.of_state(row), []).append(row)
    return found


def write_seeds(
    panes: PaneStore,
    name: str,
    rows: Mapping[bytes, Sequence[Row]],
    header: SeedHeader,
    *,
    since: int,
    online: Sequence[tuple[str, bytes, bytes]] = (),
) -> None:
    """Let the seeds be these, by key, some at a time.

    Those that change go to who has reached ``since``; ``online`` are values to serve of them. The header comes first,
    as it says who may take any; of seeds that a stream begins with, it says that they are whole with the last.

    Raises:
        ConflictError: another run writes them.
        TransientError: the store did not answer.
    """
    stored, found = panes.load(name)
    before = {key: _to_seed(value) for key, value in found}
    sequence = msgspec.json.decode(stored, type=SeedHeader).sequence + 1 if stored else 0
    put = [
        (key, _pack(Seed(since, sorted(mine))))
        for key, mine in rows.items()
        if key not in before or before[key].rows != sorted(mine)
    ]
    drop = [key for key in before if key not in rows]
    begins_now, turns = not stored, range(0, max(len(put), len(online), 1), MOST_SEEDS)
    for number, at in enumerate(turns):
        upto = at + MOST_SEEDS
        is_whole = not begins_now or upto >= turns.stop
        data = pack_header(header.following(sequence=sequence + number, is_whole=is_whole))
        panes.commit(name, PaneCommit(stored, data, put[at:upto], [] if at else drop, online[at:upto]))
        stored = data
