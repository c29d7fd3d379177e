"""Beside a stream: what batch makes of a view that a stream keeps up, written only where the stream is not further."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.declare.feature_view import FeatureView
from sluiceway.plans.moments_sql import length
from sluiceway.plans.packed_value import unpack_value
from sluiceway.plans.window_groups import window_features
from sluiceway.ports.online_store import OnlineStore

CHUNK = 10_000
Item = tuple[bytes, bytes]
Watermarks = Mapping[str, int]  # of each source with landed events, the least of its partitions', in microseconds


def is_streamed(dataset: DatasetVersion, view: FeatureView) -> bool:
    """Whether a stream may have written values of a view: its source has one, or had one whose events have landed."""
    return view.source.stream is not None or dataset.has_events(view.source.name)


def write_beside_stream(
    view: FeatureView, items: Iterable[Item], online: OnlineStore, *, watermark: int | None, snapshot: str
) -> None:
    """Write values where the store has none, or one that knows less; mark the view. Entities stay that batch lacks.

    Of two that know equally much, the stream's stays while rows may still come to it, for ``lateness`` behind its
    windows' end; then batch has them all, and the late ones too, and replaces it.

    Args:
        view: Whose values they are.
        items: Packed keys and values.
        online: Where a stream may write at the same time.
        watermark: Up to when all that landed goes in every partition, microseconds; ``None`` where nobody knows.
        snapshot: What the values are of.
    """
    following = iter(items)
    while chunk := list(islice(following, CHUNK)):
        ahead = list(_not_behind(view, chunk, online, watermark=watermark))
        if ahead:
            online.write(view.digest, ahead)
    online.mark(view.digest, snapshot=snapshot)


def _not_behind(
    view: FeatureView, chunk: Sequence[Item], online: OnlineStore, *, watermark: int | None
) -> Iterator[Item]:
    lateness = length(view.source.stream.lateness) if view.source.stream and window_features(view) else 0
    held = online.read(view.digest, [key for key, _ in chunk])
    for (key, data), found in zip(chunk, held, strict=True):
        mine = unpack_value(data).known_through
        theirs = None if found is None else unpack_value(found).known_through
        is_sealed = watermark is not None and mine + lateness <= watermark
        if theirs is None or theirs < mine or (theirs == mine and is_sealed):
            yield key, data
