"""Sealing: a stream's closed panes take over what batch knows, so that what came late is served as well."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

import polars as pl

from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.core.errors import ConflictError
from sluiceway.ports.pane_store import PaneStore, Row
from sluiceway.streams.beginning import begin_from_seeds
from sluiceway.streams.partition_header import unpack_header
from sluiceway.streams.partition_stream import PartitionStream, sealed_through
from sluiceway.streams.seeds import SeedHeader, StoredSeeds, renewed, seeds_by_key
from sluiceway.streams.state_change import write_change
from sluiceway.streams.stream_plan import StreamPlan
from sluiceway.streams.topic_keys import TopicKeys
from sluiceway.streams.view_stream import ViewStream

TRIES = 5


def seal_stream(
    plan: StreamPlan,
    rows: pl.DataFrame,
    landed: Sequence[LandedPartition],
    *,
    panes: PaneStore,
    now_us: Callable[[], int],
    owner: str,
) -> list[int]:
    """Seal every partition that has begun, after the seeds for what none has met; name those that could not be.

    Each is taken over, sealed, and left: a worker that owns it is refused its next commit, and takes it back with what
    was sealed. The seeds come first, so that whoever meets a key after that finds its seed.

    Args:
        plan: The stream.
        rows: All rows of its source, as ``stored_frame`` gives them.
        landed: How far each partition of its topic has landed.
        panes: Its state is there.
        now_us: Tells when values are written.
        owner: Who does it.

    Raises:
        TransientError: the store did not answer.
    """
    by_number = {each.partition: each for each in landed}
    is_alone = len(landed) == 1
    begun = _begun(plan, by_number, panes=panes, now_us=now_us, owner=owner)
    if not is_alone and plan.parted_by:
        with suppress(ConflictError):  # who begins meanwhile writes them, and the next run seals those
            _seed(plan, rows, by_number, begun, panes=panes, now_us=now_us, owner=owner)
    missed = []
    for number in begun:
        if number not in by_number:
            continue
        for _ in range(TRIES):
            try:
                stream = PartitionStream(plan, number, panes=panes, owner=owner, now_us=now_us)
                stream.seal(rows, by_number[number], is_alone=is_alone)
                stream.release()
            except ConflictError:
                continue
            break
        else:
            missed.append(number)
    return missed


def _begun(
    plan: StreamPlan,
    landed: Mapping[int, LandedPartition],
    *,
    panes: PaneStore,
    now_us: Callable[[], int],
    owner: str,
) -> list[int]:
    """Number the partitions that have begun, or do so now, as seeds say where; one that is unfinished has not."""
    numbers = {int(name.rpartition("/")[2]) for name in panes.partitions(plan.partition(0)[:-1])}
    found = {number: unpack_header(panes.header(plan.partition(number))) for number in numbers}
    begun = {number for number, header in found.items() if header is not None and header.is_whole}
    for number in (landed.keys() - numbers) if begun else ():
        with suppress(ConflictError):  # a worker did it
            if begin_from_seeds(plan, number, panes=panes, owner=owner, now_us=now_us):
                begun.add(number)
    return sorted(begun)


def as_one(landed: Sequence[LandedPartition]) -> LandedPartition:
    """Tell what has landed of partitions that are read as one."""
    known = [each.watermark for each in landed if each.watermark is not None]
    return LandedPartition(0, sum(each.offset for each in landed), max(known, default=None))


def _seed(
    plan: StreamPlan,
    rows: pl.DataFrame,
    landed: Mapping[int, LandedPartition],
    begun: Sequence[int],
    *,
    panes: PaneStore,
    now_us: Callable[[], int],
    owner: str,
) -> None:
    """Write the seeds of what no partition has met."""
    keys, met, reached = TopicKeys(plan), set[bytes](), []
    for number in begun:
        data, state = panes.load(plan.partition(number))
        met |= keys.met(state)
        header = unpack_header(data)
        if header is not None and number in landed:
            reached.append(sealed_through(header, landed[number]))
    known = [each for each in reached if each is not None]
    if not known:
        return
    watermark, stored = min(known), StoredSeeds.load(panes, plan.seeds)
    kept = [row for key, seed in stored.seeds.items() if key not in met for row in seed.rows]
    sealed = _state(plan, kept, keys.chosen(rows, met, inside=False), watermark)
    header = SeedHeader(
        owner=owner,
        watermark=watermark,
        written=now_us(),
        views=plan.digests,
        unlanded=tuple(number for number, each in landed.items() if each.watermark is None),
        begins=() if stored.header is None else stored.header.begins,
    )
    change = renewed(stored, seeds_by_key(keys, sealed), since=watermark)
    write_change(panes, plan.seeds, change, header, seen=stored.data, is_beginning=False)


def _state(plan: StreamPlan, kept: Sequence[Row], rows: pl.DataFrame, watermark: int) -> Iterator[Row]:
    """Make the state that a stream would have which had the kept rows of state, was sealed, and learnt no others."""
    for view in plan.views:
        stream = ViewStream(view, plan.kinds, lateness=plan.lateness)
        stream.restore([], watermark)
        stream.adopt(kept)
        stream.seal(rows, watermark, mine=watermark)
        stream.advance(watermark)
        yield from stream.state()
