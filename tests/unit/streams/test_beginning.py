"""A stream that begins learns what the table has: at once it serves what batch does, and counts nothing twice."""

from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stream_facts import IN_ONE_PARTITION, ROW, SECOND, VIEWS, batch_values, counting, keyed, message, row_at
from tests.stream_worlds import DEATHS, NOW, World, counts, finish, stream_values, table_of, timed
from tests.thoroughness import examples
from tests.unit.streams.test_sealing import seal

from sluiceway.core.errors import ConflictError
from sluiceway.ports.event_source import Position
from sluiceway.streams import state_change, table_start
from sluiceway.streams.beginning import Beginning

TIMED = st.tuples(ROW, st.integers(-240, 240)).map(lambda drawn: {**drawn[0], "known": drawn[1]})


def parted(rows, partitions):
    return [[row for row in rows if ord(row["e"] or "a") % partitions == each] for each in range(partitions)]


@given(
    view=VIEWS, rows=st.lists(TIMED, min_size=6, max_size=24), partitions=st.integers(1, 3), in_files=st.integers(0, 5),
    landed=st.integers(0, 4), deaths=DEATHS, few=st.booleans(),
)  # fmt: skip
@settings(max_examples=examples(60), deadline=None)
def test_a_stream_goes_on_where_batch_is(view, rows, partitions, in_files, landed, deaths, few):
    """Of rows in their order the first are in files, some landed, and the others come; workers are killed."""
    rows = sorted(rows, key=lambda row: row["known"] or 0)
    partitions = 1 if view.source.key in IN_ONE_PARTITION else partitions
    world = World(view, partitions, deaths)
    files, coming = rows[:in_files], parted(rows[in_files:], partitions)
    table_of(world, files, [mine[:landed] for mine in coming])
    world.logs = [list(map(message, mine)) for mine in coming]
    with (
        patch.object(state_change, "MOST_ROWS", 1 if few else 5000),
        patch.object(table_start, "PIECE_ROWS", 3),
    ):
        finish(world)
    wanted = {}
    for own, mine in zip(parted(files, partitions), coming, strict=True):
        met = {row["e"] for row in timed(keyed(view, mine[landed:]))}
        there = bool(timed(keyed(view, mine)))
        values = batch_values(view, mine[landed:], table=own, landed=mine[:landed]) if there else {}
        of = {key: msgspec.msgpack.decode(key)[0] for key in values}
        wanted |= {key: each for key, each in values.items() if partitions == 1 or of[key] in met}
    found = stream_values(view, world.online)
    assert {key: found.get(key) for key in wanted} == wanted


def test_what_a_table_has_is_served_at_once_and_windows_go_on():
    world = World(counting(), 1)
    table_of(world, [row_at(70), row_at(130, e="b")], [[row_at(135)]])
    world.logs[0] += [message(row_at(135))]
    finish(world)
    assert counts(world) == {"a": 1.0}
    assert world.stored().offset == 1
    world.logs[0].append(message(row_at(190)))
    finish(world)
    assert counts(world) == {"a": 2.0, "b": 1.0}


def test_a_stream_begins_once():
    world = World(counting(), 1)
    table_of(world, [row_at(70)])
    world.logs[0].append(message(row_at(130)))
    finish(world)
    assert counts(world) == {"a": 1.0}
    table_of(world, [row_at(70), row_at(80)])
    world.logs[0].append(message(row_at(131)))
    finish(world)
    assert counts(world) == {"a": 1.0}


def test_a_worker_whose_store_was_emptied_begins_anew():
    world = World(counting(), 1)
    table_of(world, [row_at(70)])
    world.logs[0].append(message(row_at(80)))
    worker = world.worker()
    world.step(worker, 100)
    world.panes.forget(world.plan.partition(0))
    world.online.remove(world.online.leftovers(lambda _: False))
    world.logs[0].append(message(row_at(130)))
    for _ in range(4):  # it is refused, stands by for five seconds, and looks
        world.step(worker, 100)
    assert counts(world) == {"a": 2.0}
    assert world.stored().offset == 2


def test_what_became_known_after_now_waits():
    world = World(counting(), 1)
    table_of(world, [row_at(50), row_at(70), row_at(20_000)])
    finish(world)
    assert counts(world) == {"a": 1.0}


def test_rows_older_than_those_of_the_table_are_not_late():
    world = World(counting(), 1)
    table_of(world, [row_at(1000)])
    world.logs[0] += [message(row_at(known)) for known in (10, 20, 950, 1030)]
    finish(world)
    assert world.stored().late == 0
    assert counts(world) == {"a": 2.0}


@pytest.mark.parametrize("key", [None, "key"])
def test_a_partition_takes_over_what_the_table_has_of_a_key_whatever_it_had_learnt(key):
    world = World(counting(key=key), 2)
    landed = [[row_at(100, key=1), row_at(125, e="b", key=2)], []]
    table_of(world, [row_at(124, e="c", key=3), row_at(130, e="d", key=4)], landed)
    world.logs[0] += [message(row) for row in landed[0]]
    finish(world)
    world.logs[0] += [message(row_at(131, e="b", key=5))]
    world.logs[1] += [message(row_at(133, e="c", key=6)), message(row_at(190, e="c", key=7))]
    finish(world)
    world.logs[0] += [message(row_at(190, e="a", key=8))]
    finish(world)
    assert counts(world) == {"a": 1.0, "b": 2.0, "c": 2.0}


def test_lanes_that_are_read_as_one_begin_as_of_the_furthest():
    world = World(counting(), 1)
    landed = [[row_at(10), row_at(100, e="z")], [row_at(1000, e="b")]]
    table_of(world, [], landed)
    beginning_of(world, 1, joined=lambda each: Position(sum(at.offset for at in each.values()))).ensure(0)
    assert (world.stored().offset, world.stored().watermark) == (3, 1000 * SECOND)
    assert counts(world) == {"a": 0.0, "z": 0.0}


@pytest.mark.parametrize("partitions", [1, 2])
def test_what_landed_ahead_of_now_counts(partitions):
    world = World(counting(), partitions)
    landed = [[row_at(NOW - 100), row_at(NOW + 20)], [row_at(NOW + 20, e="b")]][:partitions]
    table_of(world, [], landed)
    world.logs = [list(map(message, mine)) for mine in landed]
    world.logs[0].append(message(row_at(NOW + 130)))
    finish(world)
    assert counts(world)["a"] == 1.0


def test_a_seed_is_taken_by_who_had_learnt_nothing_though_a_run_landed_its_messages():
    world = World(counting(), 2)
    table_of(world, [row_at(70)], [[row_at(130, e="b")], []])
    world.logs[0].append(message(row_at(130, e="b")))
    world.landed = [[row_at(130, e="b")], [row_at(131, e="c")]]
    finish(world)
    seal(world, [row_at(70)])  # which has landed more of the second partition than it has learnt
    world.logs[1] += [message(row_at(131, e="c")), message(row_at(140)), message(row_at(180))]
    finish(world)
    assert counts(world)["a"] == 2.0


def test_no_older_version_counts_of_a_fact_whose_last_left_its_windows():
    world = World(counting(key="key", windows={"windows": "event_time", "lateness": "1m"}), 1)
    table_of(world, [row_at(1000, e="b", key=2), {**row_at(500, key=1), "event": 100}])
    world.logs[0] += [message({**row_at(450, key=1), "event": 990}), message(row_at(1030, e="b", key=3))]
    finish(world)
    assert counts(world)["a"] == 0.0


def test_seeds_are_of_one_table_whoever_was_slower():
    world = World(counting(), 2)
    first, second = beginning_of(world, 2, owner="first"), beginning_of(world, 2, owner="second")
    table_of(world, [row_at(70), row_at(80)], [[], []])
    newer = world.table

    def slow():
        """Meanwhile a run ends, and another worker begins."""
        table_of(world, [row_at(70)], [[], []])
        older = world.table()
        world.table = newer
        second.seed()
        return older

    world.table = slow
    with pytest.raises(ConflictError):
        first.seed()
    world.logs[0] += [message(row_at(130))]
    finish(world)
    assert counts(world) == {"a": 2.0}


def test_who_began_slowly_removes_nothing():
    world = World(counting(), 1)
    table_of(world, [row_at(70)])
    quick = world.table

    def slow():
        world.table = quick
        world.logs[0].append(message(row_at(130)))
        finish(world)
        return quick()

    world.table = slow
    with pytest.raises(ConflictError):
        beginning_of(world, 1).ensure(0)
    assert (world.stored().offset, world.stored().events, counts(world)) == (1, 1, {"a": 1.0})


def test_partitions_know_for_how_many_the_seeds_were_made():
    world = World(counting(), 2)
    table_of(world, [row_at(70)], [[row_at(60)], []])
    beginning_of(world, 2).seed()
    beginning_of(world, 4).ensure(0)
    assert world.stored().partitions == 2


def beginning_of(world, count, *, owner="other", joined=lambda each: each.get(0, Position())):
    """What lets the partitions of a world begin, with the table that it has when it is asked for."""

    def table():
        return world.table()

    return Beginning(world.plan, table, count, joined, world.panes, owner, lambda: NOW * SECOND)
