"""Lanes as one line: every message once, by arrival as far as lanes show it, from any position."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sluiceway.adapters.merged_lanes import Arrived, MergedLanes, read_mark
from sluiceway.ports.event_source import Position

FIRST = 49_598_630_142_999_655_949_899_443_842_509_554_952_738_656_579_378_741_250  # sequence numbers have 56 digits
TIMES = st.lists(st.integers(0, 30), max_size=8)


def lane_of(lane, times):
    return [Arrived(at, FIRST + 3 * place, b"%d %d" % (lane, place)) for place, at in enumerate(times)]


def read_all(lanes, logs, draws, *, most):
    """Read pieces of lanes in a drawn order, and give out in between."""
    read = dict.fromkeys(logs, 0)
    for lane in logs:
        lanes.watch(lane)
    batches = []
    for lane, count in [*draws, *((lane, 100) for lane in logs)]:
        if lane in logs:
            end = read[lane] + count
            lanes.add(lane, logs[lane][read[lane] : end], at_tip=end >= len(logs[lane]))
            read[lane] = min(end, len(logs[lane]))
        while found := lanes.take(most):
            batches.append(lanes.batch(found))
    return batches


@settings(max_examples=150, deadline=None)
@given(
    st.lists(TIMES, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=10),
    st.integers(1, 4),
    st.data(),
)
def test_every_message_comes_once_and_from_any_position_the_others(times, draws, most, data):
    logs = {lane: lane_of(lane, each) for lane, each in enumerate(times)}
    batches = read_all(MergedLanes(Position()), logs, draws, most=most)
    values = [value for batch in batches for value in batch.values]
    assert sorted(values) == sorted(each.value for log in logs.values() for each in log)
    for lane, log in logs.items():
        assert [value for value in values if value.startswith(b"%d " % lane)] == [each.value for each in log]
    assert [offset for batch in batches for offset in batch.offsets] == list(range(len(values)))
    cut = data.draw(st.integers(0, len(batches)))
    begin = Position(batches[cut - 1].offsets[-1] + 1, batches[cut - 1].mark) if cut else Position()
    rest = read_all(MergedLanes(begin), logs, draws, most=100)
    assert {origin for batch in rest for origin in batch.origins} == {
        origin for batch in batches[cut:] for origin in batch.origins
    }
    assert [offset for batch in rest for offset in batch.offsets] == list(range(begin.offset, len(values)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=8).map(sorted), min_size=2, max_size=3), st.data())
def test_no_lane_runs_ahead_of_another_while_both_hold_more(times, data):
    logs = {lane: lane_of(lane, each) for lane, each in enumerate(times)}
    draws = data.draw(st.lists(st.tuples(st.integers(0, len(logs) - 1), st.integers(1, 2)), max_size=20))
    at = {message.value: message.at_ms for log in logs.values() for message in log}
    given_out = [
        at[value] for batch in read_all(MergedLanes(Position()), logs, draws, most=3) for value in batch.values
    ]
    assert given_out == sorted(given_out)


def test_a_lane_that_shows_nothing_holds_the_others_back():
    lanes = MergedLanes(Position())
    lanes.watch(0)
    lanes.watch(1)
    lanes.add(0, lane_of(0, [5, 6]), at_tip=True)
    assert (lanes.take(9), lanes.is_at_tip, lanes.held) == ([], False, 2)
    lanes.add(1, lane_of(1, [5]), at_tip=False)
    assert [message.at_ms for *_, message in lanes.take(9)] == [5, 5]
    assert lanes.take(9) == []
    lanes.add(1, (), at_tip=True)
    assert [message.at_ms for *_, message in lanes.take(9)] == [6]


def test_a_lane_has_ended_when_all_of_it_was_given_out():
    lanes = MergedLanes(Position())
    lanes.watch(0)
    lanes.add(0, lane_of(0, [5, 6]), at_tip=False)
    lanes.close(0)
    assert (lanes.ended, lanes.closing) == (frozenset(), {0})
    lanes.take(1)
    assert lanes.ended == frozenset()
    lanes.take(1)
    assert (lanes.ended, lanes.closing) == ({0}, frozenset())
    assert read_mark(lanes.position.mark) == ({}, {0})
    lanes.keep({1, 2})
    assert read_mark(lanes.position.mark) == ({}, set())


def test_what_was_read_is_not_taken_again():
    lanes = MergedLanes(Position())
    lanes.watch(0)
    log = lane_of(0, [5, 6, 7])
    lanes.add(0, log[:2], at_tip=False)
    assert lanes.following(0) == log[1].number + 1
    lanes.add(0, log, at_tip=True)
    assert [message for *_, message in lanes.take(9)] == log
    assert lanes.held_bytes == 0
