"""A replay asks every question of a store that holds what was known at its moment, and nothing else."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.core.errors import ConflictError, MisuseError, TransientError
from sluiceway.features.point_in_time import Facts, features_at
from sluiceway.online.live_view import LiveView
from sluiceway.online.reader import OnlineReader
from sluiceway.online.replay import Checkpoint, Traffic, replay
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value
from sluiceway.plans.served_view import served
from sluiceway.ports.endpoint import Answer, Question
from sluiceway.ports.rehearsal import Rehearsal

ENGINE = DuckdbEngine(threads=2)
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
BASE = int(EPOCH.timestamp()) * 1_000_000
SECOND = 1_000_000
TIME = pa.timestamp("us", "UTC")
SOURCE = sw.Source("facts", sql="unused", key="key", event_time="t", known_time="k")
WINDOWS = sw.FeatureView("w", "e", SOURCE, [sw.mean("x", over="3m"), sw.count(over="1m")], every="1m")
LATEST = sw.FeatureView("n", "e", SOURCE, [sw.latest("x")], ttl="90s")
MIXED = sw.FeatureView("m", "e", SOURCE, [sw.max("x", over="2m"), sw.latest("x"), sw.sum("x", over="1m")], every="1m")
VIEWS = (WINDOWS, LATEST, MIXED)


def moment(seconds):
    return EPOCH + timedelta(seconds=seconds)


def facts_of(rows):
    columns = {
        "key": pa.array([key for key, *_ in rows], pa.int64()),
        "e": pa.array([e for _, e, *_ in rows], pa.string()),
        "x": pa.array([x for _, _, x, _, _ in rows], pa.float64()),
        "_event_time": pa.array([moment(event) for *_, event, _ in rows], TIME),
        "_known_time": pa.array([moment(known) for *_, known in rows], TIME),
    }
    tables = MemoryTables()
    ref = tables.write("sources/facts", pa.table(columns))
    dataset = DatasetVersion((), (ref,), RestoreReport(0.0, 0, 0, 0, ()))
    return Facts(dataset, tables, ENGINE, BASE + 10_000 * SECOND)


class Server:
    """An endpoint that reads features as a server does, remembers what it read, and records it but for ``lost``."""

    def __init__(self, views, online, log, status=200, lost=()):
        self.reader = OnlineReader([served(view) for view in views], online, now_us=lambda: 0)
        self.log = log
        self.status = status
        self.lost = lost
        self.groups = []
        self.read = []

    def ask(self, questions):
        self.groups.append([question.at for question in questions])
        for at, body in questions:
            self.read.append(self.reader.read({"e": [json.loads(body)]}, now_us=at)[0])
            if len(self.read) not in self.lost:
                self.log.append(b"{}\n")
        return [Answer(self.status, b"") for _ in questions]

    def settle(self, sequence, *, wait_s=20.0):
        raise AssertionError("a replay changes no rollout")


def questions_of(asked):
    return [Question(BASE + at * SECOND, json.dumps(e).encode()) for at, e in asked]


def stage(rows, asked, *, views=VIEWS, until=600, status=200, lost=()):
    facts, online, log = facts_of(rows), MemoryOnline(), MemoryRequests()
    live = [LiveView(view, facts.kinds_for(view), facts.rows(view)) for view in views]
    server = Server(views, online, log, status, lost)
    traffic = Traffic("data", live, questions_of(asked), moment(0), moment(until))
    return traffic, Rehearsal(server, online, log), facts


ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 5),
        st.none() | st.sampled_from("ab"),
        st.none() | st.sampled_from([0.1, 2.0, -1e9]),
        st.integers(-200, 600),
        st.integers(-200, 600) | st.integers(-3, 10).map(lambda minute: 60 * minute),
    ),
    max_size=30,
)
ASKED = st.lists(
    st.tuples(
        st.integers(0, 599) | st.integers(0, 9).map(lambda minute: 60 * minute), st.sampled_from(["a", "b", None])
    ),
    min_size=1,
    max_size=40,
).map(lambda asked: sorted(asked, key=lambda each: each[0]))


@given(rows=ROWS, asked=ASKED, at_once=st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_every_question_reads_what_the_batch_plan_computes_for_its_moment(rows, asked, at_once):
    traffic, rehearsal, facts = stage(rows, asked)
    last = list(replay(traffic, rehearsal, every=timedelta(seconds=100), at_once=at_once))[-1]
    spine = pa.table(
        {
            "_row": pa.array(range(len(asked)), pa.int64()),
            "_at": pa.array([moment(at) for at, _ in asked], TIME),
            "e": pa.array([e for _, e in asked], pa.string()),
        }
    )
    wanted = [{} for _ in asked]
    for view in VIEWS:
        for row in features_at(facts, view, spine).to_pylist():
            wanted[row.pop("_row")].update(row)
    assert [row.features for row in rehearsal.endpoint.read] == wanted
    for (at, _), row in zip(asked, rehearsal.endpoint.read, strict=True):
        for seen in filter(None, row.views.values()):
            assert seen[2] <= seen[1] <= BASE + at * SECOND  # known through, written, asked
    assert last == Checkpoint(moment(600), len(asked), 0, 0, last.barriers, last.written)
    assert last.barriers <= len({at for at, _ in asked})


@given(asked=ASKED)
@settings(max_examples=20, deadline=None)
def test_at_a_checkpoint_all_that_was_due_is_answered_and_nothing_later_was_asked(asked):
    traffic, rehearsal, _ = stage([(1, "a", 1.0, 30, 30)], asked)
    due = []
    for checkpoint in replay(traffic, rehearsal, every=timedelta(seconds=70)):
        answered = [at for group in rehearsal.endpoint.groups for at in group]
        assert answered == [question.at for question in traffic.questions if question.at < at_us(checkpoint)]
        assert checkpoint.asked == len(answered)
        due.append(checkpoint.at)
    assert due == [*(moment(at) for at in range(70, 600, 70)), moment(600)]


def at_us(checkpoint):
    return BASE + (checkpoint.at - EPOCH) // timedelta(microseconds=1)


def test_questions_between_two_barriers_go_together_and_never_more_at_once_than_allowed():
    rows = [(1, "a", 1.0, 10, 10), (2, "a", 2.0, 130, 130)]
    asked = [(5, "a"), (20, "a"), (59, "a"), (60, "a"), (70, "b"), (119, "a"), (180, "a")]
    traffic, rehearsal, _ = stage(rows, asked, views=(WINDOWS,))
    list(replay(traffic, rehearsal))
    groups = [[(at - BASE) // SECOND for at in group] for group in rehearsal.endpoint.groups]
    assert groups == [[5, 20, 59], [60, 70, 119], [180]]
    traffic, rehearsal, _ = stage(rows, asked, views=(WINDOWS,))
    list(replay(traffic, rehearsal, at_once=2))
    assert [len(group) for group in rehearsal.endpoint.groups] == [2, 1, 2, 1, 1]


def test_where_nobody_asks_nothing_is_written():
    rows = [(place, "a", 1.0, 60 * place, 60 * place) for place in range(9)]
    traffic, rehearsal, _ = stage(rows, [(5, "a"), (590, "a")], views=(WINDOWS,))
    (last,) = replay(traffic, rehearsal)
    assert (last.asked, last.barriers, last.written) == (2, 1, 1)


def test_what_the_server_refuses_and_what_it_fails_at_is_counted():
    for status, refused, failed in ((422, 2, 0), (500, 0, 2), (0, 0, 2), (200, 0, 0)):
        traffic, rehearsal, _ = stage([], [(5, "a"), (6, "a")], status=status)
        (last,) = replay(traffic, rehearsal)
        assert (last.asked, last.refused, last.failed) == (2, refused, failed)


def test_a_request_that_is_not_on_record_ends_the_replay_at_the_next_checkpoint():
    traffic, rehearsal, _ = stage([], [(5, "a"), (70, "a"), (80, "b"), (500, "a")], lost=(3,))
    told = replay(traffic, rehearsal, every=timedelta(minutes=1))
    assert next(told).asked == 1
    with pytest.raises(
        TransientError, match=r"asked 3 times by 2024-01-01 00:02:00\+00:00 of its clock, but recorded 2"
    ):
        next(told)


def test_a_server_that_answers_no_more_ends_the_replay():
    traffic, rehearsal, _ = stage([], [(5, "a")] * 500, status=0)
    with pytest.raises(TransientError, match="no answer to the last 128 requests"):
        list(replay(traffic, rehearsal))


@pytest.mark.parametrize("asked", [[(9, "a"), (8, "a")], [(-1, "a")], [(600, "a")]])
def test_questions_out_of_order_or_out_of_the_span_are_refused(asked):
    traffic, rehearsal, _ = stage([], asked)
    with pytest.raises(MisuseError, match="sort the questions"):
        list(replay(traffic, rehearsal))


def test_another_writer_is_noticed():
    rows = [(1, "a", 1.0, 10, 10), (2, "a", 2.0, 70, 70)]
    traffic, rehearsal, _ = stage(rows, [(5, "a"), (65, "a"), (130, "a")], views=(WINDOWS,))
    run = replay(traffic, rehearsal, every=timedelta(seconds=60))
    next(run)
    future = BASE + 9_999 * SECOND
    value = pack_value(PackedValue(future, future, future, future, [None, None]))
    rehearsal.online.write(WINDOWS.digest, [(pack_key(["a"]), value)])
    with pytest.raises(ConflictError, match="another process writes"):
        list(run)


def test_values_of_an_earlier_replay_are_gone():
    traffic, rehearsal, _ = stage([(1, "a", 1.0, -10, -10)], [(5, "b")], views=(LATEST,))
    left = pack_value(PackedValue(BASE, BASE, BASE, BASE, [9.0]))
    rehearsal.online.write(LATEST.digest, [(pack_key(["b"]), left)])
    list(replay(traffic, rehearsal))
    assert rehearsal.endpoint.read[0].features == {"n__latest_x": None}
    assert rehearsal.online.count(LATEST.digest) == 1
