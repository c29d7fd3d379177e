"""Materialise: every entity's features as of the cutoff, put where they are served from."""

from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa

from sluiceway.core.digest import digest_of
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.beside_stream import is_streamed, write_beside_stream
from sluiceway.features.point_in_time import Facts, features_now
from sluiceway.plans.latest import latest_features
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.packed_value import BEFORE_ALL, PackedValue, pack_key, pack_value
from sluiceway.plans.snapshot import window_end
from sluiceway.plans.window_groups import window_features
from sluiceway.ports.online_store import OnlineStore


def materialise(
    facts: Facts, view: FeatureView, online: OnlineStore, *, now: datetime, watermark: int | None = None
) -> pa.Table:
    """Let the store hold a view's value for each entity known by the cutoff; return them, a row for each entity.

    Going back to an earlier cutoff, or to a source that lost an entity, is what was asked for: the view is replaced as
    a whole, at once, and marked with the dataset and the cutoff that it now stands for. Each value says that it was
    written at ``now``.

    Where the view's source has a stream, that keeps the view up: nothing of what it wrote goes back then, whether
    or not its events have landed yet.
    ``watermark`` is what has landed for certain (see ``beside_stream``).
    """
    snapshot = features_now(facts, view)
    items = packed(snapshot, view, cutoff=facts.cutoff, written=microseconds(now))
    if is_streamed(facts.dataset, view):
        write_beside_stream(view, items, online, watermark=watermark, snapshot=snapshot_name(facts, view))
    else:
        online.replace(view.digest, items, snapshot=snapshot_name(facts, view))
    return snapshot


def snapshot_name(facts: Facts, view: FeatureView) -> str:
    """Name what a view's values are of: its definition, the dataset, the cutoff."""
    return digest_of([view.digest, facts.dataset.content_id, facts.cutoff])


def packed(snapshot: pa.Table, view: FeatureView, *, cutoff: int, written: int) -> Iterator[tuple[bytes, bytes]]:
    """Pack a snapshot's rows as keys and values.

    A view of windows is stamped with its windows' end, one with latest features with the newest fact's times, and
    before all others where an entity has no fact any more. It holds what was known through the cutoff, or with windows
    through their end.
    """
    end = window_end(view, cutoff)
    through = end if window_features(view) else cutoff
    columns = [snapshot.column(name).to_pylist() for name in view.columns]
    entities = [snapshot.column(name).to_pylist() for name in view.entities]
    events, knowns = snapshot.column("_event").to_pylist(), snapshot.column("_known").to_pylist()
    has_latest = bool(latest_features(view))
    bare = BEFORE_ALL if has_latest else end
    for key, event, known, features in zip(zip(*entities), events, knowns, zip(*columns), strict=True):  # noqa: B905 - columns of one table
        stamp = (event, known) if has_latest and event is not None else (bare, bare)
        yield pack_key(key), pack_value(PackedValue(stamp[0], stamp[1], through, written, list(features)))
