"""Retrieval: ids read online twice, timed, and set beside what the offline plan says of the same moment."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from time import perf_counter_ns

import pyarrow as pa

from sluiceway.artifacts.feature_set import RetrievalReport
from sluiceway.declare.feature_view import FeatureView
from sluiceway.features.beside_stream import is_streamed
from sluiceway.features.point_in_time import Facts, features_at
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.moments_sql import microseconds, moment_of
from sluiceway.plans.packed_value import FeatureValue
from sluiceway.plans.quoting import listed
from sluiceway.plans.served_view import served
from sluiceway.ports.feature_reader import FeatureRow
from sluiceway.ports.online_store import OnlineStore

IDS = 1000
EXAMPLES = 5

Row = Mapping[str, FeatureValue]


def check_retrieval(
    facts: Facts,
    views: Sequence[FeatureView],
    training: pa.Table,
    *,
    online: OnlineStore,
    seed: int,
    written: datetime,
    ids: int = IDS,
) -> RetrievalReport:
    """Read a sample of the training rows' entities, with all views, as they stand at the cutoff.

    A view that a stream keeps up is looked at where batch wrote the value; the others are counted as ahead.

    Args:
        facts: The sources, and the cutoff as of which offline values are computed.
        views: The views to read.
        training: Rows with every view's entity columns.
        online: The store to read from.
        written: When batch wrote its values.
        seed: Decides the sample, which repeats entities where there are fewer than ``ids``.
        ids: How many to read.
    """
    entities = list(dict.fromkeys(name for view in views for name in view.entities))
    if not views or not training.num_rows:
        return RetrievalReport(ids=0, p50_ms=0.0, p99_ms=0.0, unequal_rereads=0, unequal_offline=0)
    distinct = facts.ask(f"SELECT DISTINCT {listed(entities)} FROM t ORDER BY ALL", t=training.select(entities))
    places = random.Random(seed).choices(range(distinct.num_rows), k=ids)  # noqa: S311 - a sample, no secret
    chosen = distinct.take(pa.array(places, pa.int64())).to_pylist()
    reader = OnlineReader([served(view) for view in views], online, now_us=lambda: facts.cutoff)
    requests = [{name: (value,) for name, value in entity.items()} for entity in chosen]
    first, durations = _timed(reader, requests)
    second, again = _timed(reader, requests)
    offline = _offline(facts, views, chosen)
    streamed = [view for view in views if is_streamed(facts.dataset, view)]
    moved = [_moved(one, other, streamed) for one, other in zip(first, second, strict=True)]
    ahead = [_ahead(one, streamed, microseconds(written)) for one in first]
    rereads = [
        _difference(one.features, other.features, "read again", left_out=left)
        for one, other, left in zip(first, second, moved, strict=True)
    ]
    beside = [
        _difference(one.features, other, "offline", left_out=left)
        for one, other, left in zip(first, offline, ahead, strict=True)
    ]
    times = sorted(durations + again)
    return RetrievalReport(
        ids=len(chosen),
        p50_ms=times[len(times) // 2] / 1e6,
        p99_ms=times[min(len(times) - 1, len(times) * 99 // 100)] / 1e6,
        unequal_rereads=sum(map(len, rereads)),
        unequal_offline=sum(map(len, beside)),
        examples=tuple([text for texts in (*rereads, *beside) for text in texts][:EXAMPLES]),
        ahead=sum(map(len, ahead)),
    )


def _timed(reader: OnlineReader, requests: Sequence[Mapping[str, tuple[object]]]) -> tuple[list[FeatureRow], list[int]]:
    """Read ids one by one; durations in nanoseconds."""
    rows: list[FeatureRow] = []
    durations: list[int] = []
    for request in requests:
        begun = perf_counter_ns()
        row = reader.read(request)[0]
        durations.append(perf_counter_ns() - begun)
        rows.append(row)
    return rows, durations


def _offline(
    facts: Facts, views: Sequence[FeatureView], entities: Sequence[Mapping[str, object]]
) -> list[dict[str, FeatureValue]]:
    count = len(entities)
    at = pa.array([moment_of(facts.cutoff)] * count, pa.timestamp("us", "UTC"))
    columns = {name: [entity[name] for entity in entities] for name in entities[0]}
    spine = pa.table({"_row": pa.array(range(count), pa.int64()), "_at": at, **columns})
    rows: list[dict[str, FeatureValue]] = [{} for _ in range(count)]
    for view in views:
        for row in features_at(facts, view, spine).to_pylist():
            rows[row.pop("_row")].update(row)
    return rows


def _moved(one: FeatureRow, other: FeatureRow, streamed: Sequence[FeatureView]) -> frozenset[str]:
    """Name the features that a stream wrote between two reads."""
    return _columns(view for view in streamed if one.views[view.name] != other.views[view.name])


def _ahead(one: FeatureRow, streamed: Sequence[FeatureView], written: int) -> frozenset[str]:
    """Name the features that a stream wrote, and which batch left as they were."""
    return _columns(view for view in streamed if (found := one.views[view.name]) is not None and found[1] != written)


def _columns(views: Iterable[FeatureView]) -> frozenset[str]:
    return frozenset(column for view in views for column in served(view).columns)


def _difference(read: Row, expected: Row, what: str, *, left_out: frozenset[str]) -> list[str]:
    """Name the values that differ; nothing known is equal to nothing known."""
    names = sorted((read.keys() | expected.keys()) - left_out)
    return [
        f"{name}: {read.get(name)!r} online, {expected.get(name)!r} {what}"
        for name in names
        if name not in read or name not in expected or read[name] != expected[name]
    ]
