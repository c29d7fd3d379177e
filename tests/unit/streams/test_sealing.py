"""Whatever the order in which rows arrive: once what is closed was sealed, a stream serves what batch computes."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.streams.test_worker import (
    KINDS,
    ROW,
    SECOND,
    VIEWS,
    World,
    batch_values,
    counting,
    counts,
    facts_of,
    finish,
    message,
    row_at,
    stream_values,
)

from sluiceway.features.beside_stream import write_beside_stream
from sluiceway.features.materialise import packed
from sluiceway.features.point_in_time import features_now
from sluiceway.plans.window_groups import window_groups
from sluiceway.streams.sealing import seal_partition, stored_frame


def timed(rows):
    return [row for row in rows if row["known"] is not None and row["event"] is not None]


def seal(world, rows, *, is_alone):
    """Seal every partition with what landed, as a run does."""
    facts = facts_of(rows, 0)
    frame = stored_frame(facts.tables.read(facts.dataset.table("facts")), KINDS)
    for number, log in enumerate(world.landed):
        known = [row["known"] for row in timed(log)]
        if known:
            assert seal_partition(
                world.plan, number, frame, panes=world.panes, watermark=max(known) * SECOND, is_alone=is_alone,
                now_us=lambda: 0, owner="run",
            )  # fmt: skip


def materialise_beside(world, rows):
    """Write what batch makes of one partition's rows, as a run does."""
    known = [row["known"] for row in timed(rows)]
    if known:
        facts = facts_of(rows, max(known))
        items = packed(features_now(facts, world.view), world.view, cutoff=facts.cutoff, written=0)
        write_beside_stream(world.view, items, world.online, watermark=facts.cutoff, snapshot="batch")


@given(
    view=VIEWS.filter(lambda view: not view.source.keys and not any(each.by_event for each in window_groups(view))),
    rows=st.lists(ROW, min_size=4, max_size=24),
    partitions=st.integers(1, 3),
    sealed_at=st.integers(0, 24),
)
@settings(max_examples=25, deadline=None)
def test_batch_and_a_sealed_stream_agree_in_any_order(view, rows, partitions, sealed_at):
    by_partition = [[row for row in rows if ord(row["e"] or "a") % partitions == each] for each in range(partitions)]
    world = World(view, partitions)
    for most in (sealed_at, len(rows)):
        world.landed = [mine[:most] for mine in by_partition]
        for log, mine in zip(world.logs, world.landed, strict=True):
            log.extend(map(message, mine[len(log) :]))
        finish(world)
        for _ in range(2):  # to do it again changes nothing
            seal(world, [row for mine in world.landed for row in mine], is_alone=partitions == 1)
        for mine in world.landed:
            materialise_beside(world, mine)  # entities of which all came late to a topic of several partitions
    wanted = {}
    for mine in by_partition:
        wanted |= batch_values(view, mine)
    assert stream_values(view, world.online) == wanted


def test_rows_of_files_count_too_and_open_panes_are_the_streams():
    world = World(counting(), 1)
    world.logs[0].extend(message(row_at(known)) for known in (70, 200))
    world.landed = [[row_at(70), row_at(200)]]
    finish(world)
    assert counts(world) == {"a": 1.0}
    seal(world, [*world.landed[0], row_at(80), row_at(190), row_at(90, e="b")], is_alone=True)
    assert counts(world) == {"a": 2.0, "b": 1.0}


def test_a_worker_goes_on_with_what_was_sealed():
    world = World(counting(), 1)
    world.logs[0].extend(message(row_at(known)) for known in (70, 200))
    world.landed = [[row_at(70), row_at(200)]]
    worker = finish(world)
    seal(world, [*world.landed[0], row_at(80)], is_alone=True)
    world.logs[0].append(message(row_at(201)))
    world.step(worker, 100)
    for _ in range(4):
        world.step(worker, 100)
    assert [header.events for header in worker.headers.values()] == [3]
    assert counts(world) == {"a": 2.0}
