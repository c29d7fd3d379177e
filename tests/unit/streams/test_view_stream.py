"""Which rows a view counts: late ones, those ahead, older versions, and what stands in for a fact that left."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stream_facts import batch_values, counting, message, row_at, view_for
from tests.stream_worlds import World, counts, learnt, stream_values
from tests.thoroughness import examples


@given(rows=st.lists(st.integers(0, 600), max_size=30), cuts=st.lists(st.integers(1, 5), max_size=30))
@settings(max_examples=examples(60), deadline=None)
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
