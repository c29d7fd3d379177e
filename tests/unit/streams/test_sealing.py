"""Whatever the order in which rows arrive: once what is closed was sealed, a stream serves what batch computes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stream_facts import (
    IN_ONE_PARTITION,
    KINDS,
    ROW,
    SECOND,
    VIEWS,
    compared,
    counting,
    facts_of,
    keyed,
    message,
    row_at,
)
from tests.stream_worlds import World, counts, finish, stream_values, table_of, timed
from tests.thoroughness import examples

import sluiceway as sw
from sluiceway.artifacts.event_landing import LandedPartition
from sluiceway.features.beside_stream import write_beside_stream
from sluiceway.features.materialise import packed
from sluiceway.features.point_in_time import features_now
from sluiceway.streams.sealing import seal_stream
from sluiceway.streams.stored_frame import stored_frame


def seal(world, files=()):
    """Seal every partition with what landed and what the files have, as a run does."""
    rows = [*files, *keyed(world.view, [row for mine in world.landed for row in mine])]
    facts = facts_of(rows, 0)
    frame = stored_frame(facts.tables.read(facts.dataset.table("facts")), KINDS)
    known = [[row["known"] * SECOND for row in timed(keyed(world.view, log))] for log in world.landed]
    landed = [
        LandedPartition(number, len(log), max(known[number], default=None)) for number, log in enumerate(world.landed)
    ]
    assert seal_stream(world.plan, frame, landed, panes=world.panes, now_us=lambda: 0, owner="run") == []


def materialise_beside(world, rows):
    """Write what batch makes of one partition's rows, as a run does."""
    rows = keyed(world.view, rows)
    known = [row["known"] for row in timed(rows)]
    if known:
        facts = facts_of(rows, max(known))
        items = packed(features_now(facts, world.view), world.view, cutoff=facts.cutoff, written=0)
        write_beside_stream(world.view, items, world.online, watermark=facts.cutoff, snapshot="batch")


def wanted_of(view, rows):
    """Compute what batch says of all rows of one partition, at the last moment that any was known at."""
    rows = timed(keyed(view, rows))
    if not rows:
        return {}
    facts = facts_of(rows, max(row["known"] for row in rows))
    return compared(view, dict(packed(features_now(facts, view), view, cutoff=facts.cutoff, written=0)))


@given(
    view=VIEWS,
    rows=st.lists(ROW, min_size=4, max_size=24),
    partitions=st.integers(1, 3),
    moments=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=3),
    first=st.none() | st.integers(0, 6),
)
@settings(max_examples=examples(40), deadline=None)
def test_batch_and_a_sealed_stream_agree_in_any_order(view, rows, partitions, moments, first):
    """Rows arrive in any order; at some moments a run lands some of what there is, and seals, whoever is further.

    The stream may begin with a table in which the first have landed.
    """
    partitions = 1 if view.source.key in IN_ONE_PARTITION else partitions
    by_partition = [[row for row in rows if ord(row["e"] or "a") % partitions == each] for each in range(partitions)]
    world = World(view, partitions)
    world.landed = [mine[: first or 0] for mine in by_partition]
    world.logs = [list(map(message, mine)) for mine in world.landed]
    if first is not None:
        table_of(world, [], world.landed)
    for learnt, landed in (*moments, (len(rows), len(rows))):
        for number, mine in enumerate(by_partition):
            world.logs[number].extend(map(message, mine[len(world.logs[number]) : learnt]))
            world.landed[number] = mine[: max(landed, len(world.landed[number]))]
        finish(world)
        for _ in range(2):  # to do it again changes nothing
            seal(world)
        for mine in world.landed:
            materialise_beside(world, mine)  # entities of which all came late to a topic of several partitions
    wanted = {}
    for mine in by_partition:
        wanted |= wanted_of(view, mine)
    assert stream_values(view, world.online) == wanted


def test_rows_of_files_count_too_and_open_panes_are_the_streams():
    world = World(counting(), 1)
    world.logs[0].extend(message(row_at(known)) for known in (70, 200))
    world.landed = [[row_at(70), row_at(200)]]
    finish(world)
    assert counts(world) == {"a": 1.0}
    seal(world, [row_at(80), row_at(190), row_at(90, e="b")])
    assert counts(world) == {"a": 2.0, "b": 1.0}


def test_a_worker_goes_on_with_what_was_sealed():
    world = World(counting(), 1)
    world.logs[0].extend(message(row_at(known)) for known in (70, 200))
    world.landed = [[row_at(70), row_at(200)]]
    worker = finish(world)
    seal(world, [row_at(80)])
    world.logs[0].append(message(row_at(201)))
    world.step(worker, 100)
    for _ in range(4):
        world.step(worker, 100)
    assert [header.events for header in worker.headers.values()] == [3]
    assert counts(world) == {"a": 2.0}


def test_a_late_row_is_served_where_facts_have_versions_and_one_that_was_replaced_is_not():
    world = World(counting(key="key"), 1)
    rows = [row_at(70, key=1), row_at(80, key=2), row_at(300), row_at(190, key=3), row_at(75, key=2)]
    world.logs[0].extend(map(message, rows))
    world.landed = [rows]
    finish(world)
    assert counts(world) == {"a": 0.0}
    seal(world)
    assert counts(world) == {"a": 1.0}


def long(view):
    """Let a view count over an hour."""
    return replace(view, features=(sw.count(over="1h"),))


def test_a_late_row_is_served_in_windows_over_event_time():
    world = World(long(counting(windows={"windows": "event_time", "lateness": "1m"})), 1)
    rows = [row_at(300), row_at(300) | {"event": 190}, row_at(400) | {"event": 390}, row_at(395) | {"event": 200}]
    world.logs[0].extend(map(message, rows))
    world.landed = [rows]
    finish(world)
    assert counts(world) == {"a": 2.0}
    assert [offset for *_, offset in world.side.messages["facts"]] == [3]
    seal(world, [row_at(230), row_at(350)])
    assert counts(world) == {"a": 4.0}


def two_partitions(view, *, silent=False):
    """Two partitions that learnt rows of b and of c, which landed; the second may have nothing yet."""
    world = World(view, 2)
    world.landed = [[row_at(130, e="b"), row_at(200, e="b")], [] if silent else [row_at(200, e="c")]]
    world.logs = [list(map(message, landed)) for landed in world.landed]
    return world


@pytest.mark.parametrize("key", [None, "key", ("e", "key")])
def test_who_meets_an_entity_first_takes_over_what_batch_knows_of_it(key):
    world = two_partitions(counting(key=key))
    finish(world)
    seal(world, [row_at(70, key=7), row_at(80), row_at(90, e="d")])
    assert counts(world) == {"b": 1.0}
    world.logs[1] += [message(row_at(201)), message(row_at(202, key=7))]
    finish(world)
    assert counts(world) == {"a": 2.0, "b": 1.0}
    world.logs[1] += [message(row_at(205)), message(row_at(240, e="c"))]
    finish(world)
    assert counts(world) == {"a": 3.0, "b": 1.0, "c": 1.0}


@pytest.mark.parametrize("silent", [False, True])
def test_a_partition_of_which_nothing_had_landed_takes_over_what_it_meets_as_well(silent):
    world = two_partitions(long(counting()), silent=silent)
    finish(world)
    seal(world, [row_at(70), row_at(80)])
    world.logs[1] += [message(row_at(230)), message(row_at(250, e="c"))]
    finish(world)
    assert counts(world)["a"] == 3.0


def test_a_partition_that_is_behind_what_landed_counts_nothing_twice():
    world = two_partitions(long(counting()), silent=True)
    finish(world)
    world.landed[1] = [row_at(70), row_at(210, e="c")]
    seal(world, [row_at(80)])
    world.logs[1] += list(map(message, world.landed[1]))
    finish(world)
    assert counts(world)["a"] == 1.0
    seal(world, [row_at(80)])
    assert counts(world)["a"] == 2.0
