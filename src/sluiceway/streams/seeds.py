"""Seeds: what batch knows of the entities that no partition of a topic has met, for the one that meets them first.

They lie beside the state of a stream's partitions, a row for each key of the topic: the watermark that they were made
at, and rows of state. Whoever meets a key takes its row over, if its own watermark has reached that one: what is in it
then comes to that partition only late. So does a partition of which nothing had landed. Others that meet a key wait for
the next sealing.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sluiceway.ports.pane_store import PaneCommit, PaneStore, Row
from sluiceway.streams.partition_header import PartitionHeader, pack_header


class SeedHeader(PartitionHeader, frozen=True, kw_only=True):
    """When seeds were made, for which views, and of which partitions nothing had landed by then."""

    unlanded: tuple[int, ...] = ()


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
        data = panes.header(name)
        header = msgspec.json.decode(data, type=SeedHeader) if data else None
        self._made = None if header is None else header.watermark
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
        if self._made is None or reached is None or reached < self._made:
            return []
        _, found = self._panes.load(self._name, sorted(keys))
        seeds = [_to_seed(value) for _, value in found]
        return [row for seed in seeds if seed.watermark <= reached for row in seed.rows]


def write_seeds(panes: PaneStore, name: str, rows: Mapping[bytes, Sequence[Row]], header: SeedHeader) -> None:
    """Let the seeds be these, by key.

    Raises:
        ConflictError: another run writes them.
        TransientError: the store did not answer.
    """
    stored, found = panes.load(name)
    before = {key: _to_seed(value) for key, value in found}
    sequence = msgspec.json.decode(stored, type=SeedHeader).sequence + 1 if stored else 0
    put = [
        (key, _pack(Seed(header.watermark or 0, sorted(mine))))
        for key, mine in rows.items()
        if key not in before or before[key].rows != sorted(mine)
    ]
    drop = [key for key in before if key not in rows]
    panes.commit(name, PaneCommit(stored, pack_header(msgspec.structs.replace(header, sequence=sequence)), put, drop))
