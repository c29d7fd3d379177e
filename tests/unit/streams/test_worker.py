"""Streams against the batch plan: the same bits, in whatever order rows arrive, however cut, whoever is killed."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest.mock import patch

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_events import MemoryEvents, MemoryTopic
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_panes import MemoryPanes
from sluiceway.adapters.memory_side import MemorySide
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.core.errors import ConflictError, SourceError, TransientError
from sluiceway.features.materialise import packed
from sluiceway.features.point_in_time import Facts, features_now
from sluiceway.plans.packed_value import unpack_value
from sluiceway.plans.window_groups import window_features
from sluiceway.ports.event_source import EventBatch
from sluiceway.streams import partition_stream
from sluiceway.streams.decoding import RowDecoder
from sluiceway.streams.partition_header import unpack_header
from sluiceway.streams.partition_stream import MOST_VALUES, Backends, PartitionStream
from sluiceway.streams.stream_metrics import StreamMetrics
from sluiceway.streams.stream_plan import stream_plan
from sluiceway.streams.worker import Worker

ENGINE = DuckdbEngine(threads=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # so that windows reach to both sides of it
TIME = pa.timestamp("us", "UTC")
SECOND = 1_000_000
LATENESS, EVENT_LATENESS = 120, 60
KINDS = {
    "key": "integer", "e": "text", "code": "text", "x": "integer", "y": "number", "flag": "boolean",
    "v": "text", "w": "numbers", "t": "time", "k": "time",
}  # fmt: skip
ARROW = {
    "integer": pa.int64(), "text": pa.string(), "number": pa.float64(), "boolean": pa.bool_(),
    "numbers": pa.list_(pa.float64()),
}  # fmt: skip
IN_ONE_PARTITION = ("key", "code")  # keys whose facts move between entities


class Killed(BaseException):
    """What a worker meets where it is killed."""


def view_for(key, *, entity, kinds, topic_key="e"):
    topic = sw.topic("facts", lateness=f"{LATENESS}s", key=topic_key, idle="10m")
    source = sw.Source("facts", sql="unused", key=key, event_time="t", known_time="k", stream=topic)
    windows = [
        sw.count(over="1m"), sw.mean("x", over="2m"), sw.sum("x", over="1m"), sw.max("x", over="3m"),
        sw.sum("y", over="1m"), sw.min("y", over="2m"), sw.mean("y", over="3m"), sw.count("y", over="3m"),
        sw.mean("flag", over="2m"), sw.max("flag", over="1m"), sw.count("code", over="2m"), sw.max("y", over="1m"),
        sw.count("w", over="2m"),
    ]  # fmt: skip
    where = {"where": "x > 0 or cast(code as bigint) > 3 or code = 'a'"}  # which breaks off wherever code is no number
    windows += [
        sw.std("x", over="2m"), sw.std("y", over="3m"), sw.count(over="2m", name="n", **where),
        sw.min("y", over="2m", name="low", **where), sw.mean("x", over="1m", name="some", **where),
        sw.std("y", over="1m", name="spread", **where), sw.count_distinct("x", over="2m"),
        sw.count_distinct("code", over="3m", name="codes", **where), sw.count_distinct("flag", over="1m"),
        sw.last_n("x", n=3, over="2m"), sw.last_n("y", n=2, over="3m"), sw.last_n("flag", n=1, over="1m"),
        sw.last_n("y", n=2, over="2m", name="some_ys", **where),
        sw.derived("ratio", "coalesce(sum_x_1m, 1) / nullif(n, 0)"),
        sw.derived("odd", "cast('a' || n as double)"), sw.derived("even", "coalesce(odd, 7) + cast(n as bigint)"),
        sw.derived("step", "last_3_x_2m_0 - last_3_x_2m_1"),
    ]  # fmt: skip
    windows = [freshened(each, number, key, kinds) for number, each in enumerate(windows)]
    latest = [
        sw.latest("x"), sw.latest("code"), sw.latest("y"), sw.latest("flag"), sw.latest("v", size=2),
        sw.latest("w", size=2),
    ]  # fmt: skip
    mixed = [each for each in (*latest[:2], *windows, *latest[2:]) if not each.is_latest or "latest" in kinds]
    features = [each for each in mixed if each.is_latest or set(kinds) & {"window", "fresh", "event"}]
    if "event" in kinds:  # some that reach what is late
        features += [sw.count(over="8m", name="many"), sw.sum("x", over="8m"), sw.max("x", over="8m")]
    times = {"windows": "event_time", "lateness": f"{EVENT_LATENESS}s"} if "event" in kinds else {}
    return sw.FeatureView("v", entity=entity, source=source, every="1m", features=features, **times)


def freshened(feature, number, key, kinds):
    """Let windows be fresh where asked: every other one, or all where the source has a key, or there are no others."""
    if "fresh" not in kinds or not feature.is_window or (number % 2 and "window" in kinds and key is None):
        return feature
    return replace(feature, fresh=True, given_name=feature.name)


def message(row):
    """Write a row as the messages of a topic are."""
    times = {name: None if row[at] is None else iso(row[at]) for name, at in (("t", "event"), ("k", "known"))}
    return json.dumps({name: row[name] for name in KINDS if name not in times} | times).encode()


def iso(seconds):
    return (EPOCH + timedelta(seconds=seconds)).isoformat()


def facts_of(rows, cutoff):
    columns = {name: pa.array([row[name] for row in rows], ARROW[KINDS[name]]) for name in KINDS if name not in "tk"}
    for name, at in (("_event_time", "event"), ("_known_time", "known")):
        values = [None if row[at] is None else EPOCH + timedelta(seconds=row[at]) for row in rows]
        columns[name] = pa.array(values, TIME)
    tables = MemoryTables()
    ref = tables.write("sources/facts", pa.table(columns))
    return Facts(DatasetVersion((), (ref,), RestoreReport(0.0, 0, 0, 0, ())), tables, ENGINE, cutoff * SECOND)


def batch_values(view, rows, *, wall=None):
    """Compute what the batch plan says at the last moment that rows were known at, or later."""
    timed = [row for row in rows if row["known"] is not None and row["event"] is not None]
    if not timed:
        return {}
    newest = max(row["known"] for row in timed)
    facts = facts_of(counting_rows(view, timed), newest if wall is None else max(newest, wall))
    made = packed(features_now(facts, view), view, cutoff=facts.cutoff, written=0)
    return compared(view, dict(made))


def counting_rows(view, rows):
    """Leave out what is late by event_time where windows are of it: known longer after its pane than the view says."""
    kept, before = [], None
    for row in rows:
        end = (row["event"] // 60 + 1) * 60 + EVENT_LATENESS + LATENESS
        if view.lateness is None or before is None or end > before:
            kept.append(row)
        before = row["known"] if before is None else max(before, row["known"])
    return kept


def stream_values(view, online):
    return compared(view, online._views.get(view.digest, {}))


def compared(view, values):
    """Tell what is served of those of whom anything is: the features, and in views without windows the newest's times.

    What was known through, and the stamps of windows, are those of the last change in a stream.
    """
    told = {key: unpack_value(value) for key, value in values.items()}
    stamped = not window_features(view)
    return {
        key: (value.features, (value.event_time, value.known_time) if stamped else None)
        for key, value in told.items()
        if any(each is not None for each in value.features)
    }


class DeadlyPanes:
    """A pane store at whose commits workers are killed, before or after they took effect."""

    def __init__(self, panes, deaths):
        self._panes, self._deaths, self._calls = panes, deaths, count()

    def commit(self, partition, change):
        death = self._deaths.get(next(self._calls))
        if death == "before":
            raise Killed
        self._panes.commit(partition, change)
        if death == "after":
            raise Killed

    def __getattr__(self, name):
        return getattr(self._panes, name)


class World:
    """One topic, one store, and workers that come and go."""

    def __init__(self, view, partitions, deaths=None):
        self.view = view
        self.plan = stream_plan(view.source, [view], KINDS)
        self.logs = [[] for _ in range(partitions)]
        self.online, self.side = MemoryOnline(), MemorySide()
        self.panes = DeadlyPanes(MemoryPanes(self.online), deaths or {})
        self.decoder = RowDecoder(view.source, KINDS, self.plan.columns)
        self.clock, self.wall = 0.0, None
        self._names = count()

    def worker(self, events=None):
        """Start a worker that believes that it is alone, or a member of a group."""
        topic = MemoryTopic(0)
        topic.logs = self.logs
        backends = Backends(events or MemoryEvents(topic), self.panes, self.side)
        return Worker(
            self.plan, backends=backends, owner=f"w{next(self._names)}", now_us=lambda: (self.wall or 0) * SECOND,
            follows_wall=self.wall is not None, clock=lambda: self.clock,
        )  # fmt: skip

    def owner(self):
        """Take the only partition over."""
        owner = f"o{next(self._names)}"
        return PartitionStream(self.plan, 0, panes=self.panes, side=self.side, owner=owner, now_us=lambda: 0)

    def learn(self, owner, rows, most):
        """Let the owner of the only partition learn the rows that follow for it."""
        begin = owner.header.offset
        values = [message(row) for row in rows[begin : begin + most]]
        owner.take(EventBatch(0, range(begin, begin + len(values)), values), self.decoder)

    def stored(self):
        return unpack_header(self.panes.header(self.plan.partition(0)))

    def step(self, worker, most):
        self.clock += 3.0
        worker.step(most=most, wait_s=0)


MEMBERS = st.none() | st.sampled_from([0.1, -0.0, 0.0, 1e39, -7e-3, 3])
LISTS = st.lists(MEMBERS, min_size=2, max_size=2) | st.lists(MEMBERS, max_size=3)
ROW = st.fixed_dictionaries(
    {
        "key": st.none() | st.integers(0, 3),
        "e": st.none() | st.sampled_from("ab"),
        "code": st.none() | st.sampled_from("ab"),
        "x": st.none() | st.integers(-3, 3) | st.sampled_from([2**53 + 1, -(2**62) - 1, 16777217]),
        "y": st.none()
        | st.integers(-3, 3).map(float)
        | st.sampled_from([0.1, -0.1, 1e3, -999.9, 1e-30, -1e-300, 1e18, -7.3e28, 1e29, 3.4028235e38, 1e39]),
        "flag": st.none() | st.booleans(),
        "v": st.none() | st.sampled_from(["[0.1,2]", "[null,1e39]", "[1]", "no list"]),
        "w": st.none() | LISTS,
        "event": st.none() | st.integers(-240, 240),
        "known": st.none() | st.integers(-90, 90) | st.integers(-240, 240) | st.integers(-2, 2).map(lambda at: 60 * at),
        "delay": st.integers(0, LATENESS - 1),
    }
)
KEYS = [None, "key", "e", "code", ("e", "key")]
VIEWS = st.builds(
    view_for,
    st.sampled_from(KEYS),
    entity=st.sampled_from([("e",), ("e", "code")]),
    kinds=st.sampled_from(
        [
            ("window",),
            ("latest",),
            ("window", "latest"),
            ("fresh",),
            ("window", "fresh"),
            ("fresh", "latest"),
            ("event",),
            ("event", "latest"),
        ]
    ),
)
DEATHS = st.dictionaries(st.integers(0, 30), st.sampled_from(["before", "after"]), max_size=4)
WALLS = st.none() | st.integers(-4, 10).map(lambda pane: 60 * pane)
STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 7), st.booleans()), min_size=4, max_size=25)


@given(
    view=VIEWS, rows=st.lists(ROW, min_size=4, max_size=24), partitions=st.integers(1, 3), steps=STEPS, deaths=DEATHS,
    wall=WALLS, values=st.sampled_from([1, MOST_VALUES]),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_streams_end_where_the_batch_plan_does(view, rows, partitions, steps, deaths, wall, values):
    with patch.object(partition_stream, "MOST_VALUES", values):  # also where most values go ahead of their commit
        check_end(view, rows, partitions, steps, deaths, wall)


def check_end(view, rows, partitions, steps, deaths, wall):
    rows = sorted(rows, key=lambda row: (row["known"] or 0) + row["delay"])
    partitions = 1 if view.source.key in IN_ONE_PARTITION else partitions
    by_partition = [[row for row in rows if ord(row["e"] or "a") % partitions == each] for each in range(partitions)]
    world = World(view, partitions, deaths)
    workers = [world.worker() for _ in range(3)]
    for place, most, arrives in steps:
        for log, mine in zip(world.logs, by_partition, strict=True):
            if arrives:
                log.extend(map(message, mine[len(log) : len(log) + most]))
        try:
            world.step(workers[place], most)
        except Killed:
            workers[place] = world.worker()
    for log, mine in zip(world.logs, by_partition, strict=True):
        log.extend(map(message, mine[len(log) :]))
    finish(world)
    if wall is not None:
        world.wall = wall + LATENESS
        finish(world, silent_s=700.0)
    wanted = {}
    for mine in by_partition:
        wanted |= batch_values(view, mine, wall=wall)
    assert stream_values(view, world.online) == wanted


def finish(world, *, silent_s=None):
    """Let a new worker learn all that is there, and then hear nothing for so long."""
    for _ in range(40):
        try:
            worker = world.worker()
            while not worker.caught_up():
                world.step(worker, 100)
            if silent_s is not None:
                world.clock += silent_s
                world.step(worker, 100)
        except Killed:
            continue
        return worker
    raise AssertionError("it never ends")


def row_at(known, *, e="a", key=None):
    """A row whose two times are one, in seconds."""
    return {
        "key": key,
        "e": e,
        "code": None,
        "x": 1,
        "y": None,
        "flag": None,
        "v": None,
        "w": None,
        "event": known,
        "known": known,
    }


def counting(*, windows=None, **more):
    topic = sw.topic("facts", lateness="60s", key="e", idle="10s", clock="wall")
    source = sw.Source("facts", sql="unused", event_time="t", known_time="k", stream=topic, **more)
    return sw.FeatureView("v", entity="e", source=source, every="1m", features=[sw.count(over="2m")], **(windows or {}))


def learnt(view, *times, **more):
    """Let a world learn rows of the entity a with these times, event and known, one by one."""
    world = World(view, 1)
    worker = world.worker()
    for event, known in times:
        world.logs[0].append(message(row_at(known, **more) | {"event": event}))
        world.step(worker, 1)
    return world


def counts(world):
    """What is served: the only feature by entity."""
    values = world.online._views.get(world.view.digest, {})
    return {msgspec.msgpack.decode(key)[0]: unpack_value(value).features[0] for key, value in values.items()}


@given(rows=st.lists(st.integers(0, 600), max_size=30), cuts=st.lists(st.integers(1, 5), max_size=30))
@settings(max_examples=60, deadline=None)
def test_which_rows_are_late_follows_from_their_order_and_not_from_how_it_was_cut(rows, cuts):
    def late(steps):
        world = World(counting(), 1)
        world.logs[0].extend(message(row_at(known)) for known in rows)
        worker = world.worker()
        for most in (*steps, *[100] * 3):
            world.step(worker, most)
        return {offset for _, _, offset in world.side.messages.get("facts", {})}, counts(world)

    wanted, newest = set(), -1
    for offset, known in enumerate(rows):
        if (known // 60 + 1) * 60 + 60 <= newest:
            wanted.add(offset)
        newest = max(newest, known)
    assert late(cuts) == late([100])
    assert late(cuts)[0] == wanted


def test_a_silent_partition_follows_the_slowest_of_those_that_move():
    world = World(counting(), 3)
    for number, e in enumerate("abc"):
        world.logs[number].append(message(row_at(30, e=e)))
    worker = world.worker()
    world.step(worker, 100)
    for known in range(60, 360, 60):
        world.logs[0].append(message(row_at(known)))
        if known <= 180:
            world.logs[1].append(message(row_at(known, e="b")))
        world.step(worker, 100)
    assert {number: header.watermark for number, header in worker.headers.items()} == {
        0: 300 * SECOND, 1: 180 * SECOND, 2: 180 * SECOND,
    }  # fmt: skip
    assert counts(world) == {"a": 2.0, "b": 2.0, "c": 0.0}


def test_where_nothing_arrives_values_expire_by_the_wall_and_rows_behind_it_are_late():
    world = World(counting(), 1)
    world.logs[0] += [message(row_at(30)), message(row_at(70))]
    world.wall = 100
    worker = world.worker()
    world.step(worker, 100)
    assert counts(world) == {"a": 1.0}
    for wall, wanted in ((150, 1.0), (180, 2.0), (239, 2.0), (240, 1.0), (1000, 0.0)):
        world.wall = wall
        for _ in range(6):
            world.step(worker, 100)
        assert counts(world) == {"a": wanted}
    (header,) = worker.headers.values()
    assert (header.watermark, header.sequence) == (900 * SECOND, 5)
    world.logs[0] += [message(row_at(830)), message(row_at(850)), message(row_at(961))]
    world.step(worker, 100)
    assert [offset for *_, offset in world.side.messages["facts"]] == [2]
    assert counts(world) == {"a": 1.0}


def test_an_entity_that_lost_its_only_fact_is_served_the_next_one_however_old():
    view = view_for("key", entity=("e",), kinds=("window", "latest"))
    rows = [row_at(known, e=e, key=key) | {"event": event, "x": x} for known, e, key, event, x in (
        (10, "a", 1, 100, 1), (70, "b", 1, 100, 1), (130, "a", 2, 5, 7),
    )]  # fmt: skip
    world = World(view, 1)
    worker = world.worker()
    for row in rows:
        world.logs[0].append(message(row))
        world.step(worker, 1)
    assert stream_values(view, world.online) == batch_values(view, rows)


BY_EVENT = {"windows": "event_time", "lateness": "10m"}


def test_windows_over_event_time_have_what_is_known_and_an_event_ahead_closes_no_pane():
    view = counting(windows=BY_EVENT)
    assert counts(learnt(view, (9000, 10))) == {"a": 0.0}
    assert counts(learnt(view, (9000, 10), (20, 30), (50, 100))) == {"a": 2.0}
    assert counts(learnt(view, (9000, 10), (20, 30), (70, 200), (8950, 9010), (9010, 9060))) == {"a": 3.0}


def test_a_row_is_late_by_event_time_past_both_latenesses_and_with_a_key_by_known_time_past_the_topics():
    def late(*times, **source):
        view = counting(windows=BY_EVENT, **source)
        return [offset for *_, offset in learnt(view, *times).side.messages.get("facts", {})]

    assert late((0, 719), (0, 719), (0, 720)) == []
    assert late((0, 720), (59, 720), (60, 720)) == [1]
    assert late((300, 300), (300, 239), (300, 240)) == []
    assert late((300, 300), (300, 239), (300, 240), key="key") == [1]


def test_an_older_version_of_a_fact_that_left_its_windows_does_not_count():
    view = counting(windows=BY_EVENT, key="key")
    assert counts(learnt(view, (190, 190), (190, 300), key=1)) == {"a": 1.0}
    assert counts(learnt(view, (0, 300), (190, 290), key=1)) == {"a": 0.0}
    assert counts(learnt(view, (190, 290), (0, 300), key=1)) == {"a": 0.0}


def test_of_two_that_own_a_partition_one_works_and_the_other_takes_over_when_it_is_gone():
    world = World(counting(), 1)
    first, second = world.worker(), world.worker()
    for turn in range(12):
        world.logs[0].append(message(row_at(turn)))
        world.step(first, 100)
        world.step(second, 100)
    assert sum(bool(worker.headers) for worker in (first, second)) == 1
    working, waiting = (first, second) if first.headers else (second, first)
    for _ in range(4):
        world.logs[0].append(message(row_at(20)))
        world.step(waiting, 100)
    assert [header.events for header in waiting.headers.values()] == [16]
    world.step(working, 100)
    world.logs[0].append(message(row_at(130)))
    world.step(working, 100)
    assert (working.headers, counts(world)) == ({}, {})
    world.step(waiting, 100)
    assert counts(world) == {"a": 16.0}


def test_many_served_values_go_ahead_in_commits_of_their_own_and_whoever_is_killed_is_followed(
    monkeypatch,
):
    monkeypatch.setattr(partition_stream, "MOST_VALUES", 10)
    view = counting()
    world = World(view, 1, {3: "before"})
    sizes, commit = [], world.panes._panes.commit
    world.panes._panes.commit = lambda name, change: (sizes.append(len(change.online)), commit(name, change))
    world.logs[0] += [message(row_at(30, e=f"e{number}")) for number in range(25)] + [message(row_at(70))]
    with pytest.raises(Killed):
        world.step(world.worker(), 100)
    assert sizes == [0, 10, 10]
    assert world.stored().events == 0
    assert len(counts(world)) == 20
    world.step(world.worker(), 100)
    assert sizes[3:] == [0, 10, 10, 5]
    assert world.stored().events == 26
    assert counts(world) == {f"e{number}": 1.0 for number in range(25)}


OWNERS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.booleans()), min_size=3, max_size=20)


@given(steps=OWNERS, keyed=st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_stored_is_what_the_rows_before_its_offset_make_whoever_believes_to_own_it(steps, keyed):
    """Three that believe to own a partition learn on from where each is, or take it over anew."""
    view = counting(key="key") if keyed else counting()
    world = World(view, 1)
    rows = [row_at(13 * place, e="ab"[place % 2], key=place // 2) for place in range(24)]
    owners = [None, None, None]
    for who, most, is_new in steps:
        owner = owners[who]
        if is_new or owner is None:
            owners[who] = world.owner()
            continue
        before = world.stored()
        with suppress(ConflictError):
            world.learn(owner, rows, most)
        after = world.stored()
        assert after.offset >= before.offset
        assert (after.sequence, after.owner) in {
            (before.sequence, before.owner), (before.sequence + 1, before.owner),
        }  # fmt: skip
    final = world.owner()
    world.learn(final, rows, len(rows))
    alone = World(view, 1)
    alone.learn(alone.owner(), rows, len(rows))
    assert counts(world) == counts(alone)
    assert final.header.events == len(rows)


def test_a_topic_that_was_made_anew_is_refused_and_not_taken_for_what_was_learnt():
    world = learnt(counting(), (1, 1), (2, 2), (3, 3))
    held = counts(world)
    for log in world.logs:
        del log[1:]
    with pytest.raises(SourceError, match="partition 0 of topic 'facts' was learnt up to message 3, but ends at 1: it"):
        world.step(world.worker(), 10)
    assert counts(world) == held


def test_a_store_that_does_not_answer_is_asked_again():
    world = World(counting(), 1)
    world.logs[0].extend(message(row_at(known)) for known in (0, 1, 70))
    worker, panes = world.worker(), world.panes
    commit, calls = panes.commit, count()

    def failing(partition, change):
        if next(calls) in {0, 2, 3}:
            raise TransientError("not there")
        commit(partition, change)

    panes.commit = failing
    for _ in range(8):
        world.step(worker, 100)
    assert counts(world) == {"a": 2.0}
    assert [header.events for header in worker.headers.values()] == [3]


def test_while_the_store_does_not_answer_nothing_is_read_and_the_lag_grows():
    world = World(counting(), 1)
    world.logs[0] += [message(row_at(known)) for known in range(3)]
    worker, panes, metrics = world.worker(), world.panes, StreamMetrics()
    worker._metrics, source = metrics, worker._events
    world.step(worker, 100)
    commit, load = panes.commit, panes.load
    panes.commit = panes.load = lambda *_: (_ for _ in ()).throw(TransientError("the store is gone"))
    world.logs[0] += [message(row_at(known)) for known in range(3, 10)]
    world.step(worker, 2)
    read = dict(source._next)
    for _ in range(5):
        world.step(worker, 2)
        worker.measure()
    assert dict(source._next) == read
    assert worker.waiting == {"facts, partition 0": "the store is gone"}
    assert shown(metrics) == {"events": 3.0, "lag": 7.0, "owned": 0.0}
    panes.commit, panes.load = commit, load
    for _ in range(5):
        world.step(worker, 2)
    worker.measure()
    assert worker.waiting == {}
    assert shown(metrics) == {"events": 10.0, "lag": 0.0, "owned": 1.0}


def shown(metrics):
    labels = {"source": "facts", "partition": "0"}
    names = ("events", "lag", "owned")
    return {name: metrics.registry.get_sample_value(f"sluiceway_stream_{name}", labels) for name in names}


def test_a_silent_partition_follows_those_that_other_workers_own():
    world = World(counting(), 2)
    topic = MemoryTopic(0)
    topic.logs = world.logs
    workers = [world.worker(events=MemoryEvents(topic)) for _ in range(2)]
    for number, e in enumerate("ab"):
        world.logs[number].append(message(row_at(30, e=e)))
    for known in range(60, 360, 60):
        world.logs[0].append(message(row_at(known)))
        for worker in workers:
            world.step(worker, 100)
    assert [sorted(worker.headers) for worker in workers] == [[0], [1]]
    assert [worker.headers[n].watermark for n, worker in enumerate(workers)] == [300 * SECOND] * 2
    assert counts(world) == {"a": 2.0, "b": 0.0}
