"""Seeds: what batch knows of the entities that no partition of a topic has met, for the one that meets them first.

They lie beside the state of a stream's partitions, a row for each key of the topic: the watermark that they were made
at, and rows of state. Whoever meets a key takes its row over, if its own watermark has reached that one: what is in it
then comes to that partition only late. So does a partition of which nothing had landed. Others that meet a key wait for
the next sealing. The seeds that a stream began with are anybody's: all partitions begin behind what is in them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.ports.pane_store import PaneStore, Row
from sluiceway.streams.partition_header import PartitionHeader
from sluiceway.streams.state_change import StateChange
from sluiceway.streams.topic_keys import TopicKeys

ANYBODYS = -(1 << 63)


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
_to_header = msgspec.json.Decoder(SeedHeader).decode


class Seeds:
    """The seeds of one stream, as one of its partitions reads them."""

    def __init__(self, panes: PaneStore, name: str, number: int) -> None:
        """Look whether there are any: who writes the first takes the partition over afterwards."""
        self._panes, self._name, self._number = panes, name, number
        self._is_there = bool(panes.header(name))

    def of(self, keys: Iterable[bytes], *, before: int | None, after: int | None) -> list[Row]:
        """Give the rows of state of some keys that are met now.

        Args:
            keys: The topic's keys.
            before: The partition's watermark before it met them.
            after: Its watermark then.

        Raises:
            TransientError: the store did not answer.
        """
        if not self._is_there:
            return []
        data, found = self._panes.load(self._name, sorted(keys))
        header = _to_header(data)
        reached = after if before is None and self._number in header.unlanded else before
        upto = ANYBODYS if reached is None else reached
        seeds = [_to_seed(value) for _, value in found] if header.is_whole else []
        return [row for seed in seeds if seed.watermark <= upto for row in seed.rows]


@dataclass(frozen=True, slots=True)
class StoredSeeds:
    """The seeds of a stream as they are at one moment; ``data`` is their header as it is stored, empty without any."""

    data: bytes
    header: SeedHeader | None
    seeds: Mapping[bytes, Seed]

    @classmethod
    def load(cls, panes: PaneStore, name: str) -> "StoredSeeds":
        """Read them.

        Raises:
            TransientError: the store did not answer.
        """
        data, found = panes.load(name)
        return cls(data, _to_header(data) if data else None, {key: _to_seed(value) for key, value in found})


def seed_header(panes: PaneStore, name: str) -> SeedHeader | None:
    """Read the header of a stream's seeds, ``None`` where it has none. Raises as ``StoredSeeds.load`` does."""
    data = panes.header(name)
    return _to_header(data) if data else None


def seeds_by_key(keys: TopicKeys, rows: Iterable[Row]) -> dict[bytes, list[Row]]:
    """Sort rows of state by whose they are."""
    found: dict[bytes, list[Row]] = {}
    for row in rows:
        found.setdefault(keys.of_state(row), []).append(row)
    return found


def renewed(stored: StoredSeeds, rows: Mapping[bytes, Sequence[Row]], *, since: int) -> StateChange:
    """Let seeds be these, by key: those that change go to who has reached ``since``."""
    before = stored.seeds
    put = [
        (key, _pack(Seed(since, sorted(mine))))
        for key, mine in rows.items()
        if key not in before or before[key].rows != sorted(mine)
    ]
    return StateChange(put, [key for key in before if key not in rows])
