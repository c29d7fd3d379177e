from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.canaries import COLUMNS, CONTRACT

from sluiceway.artifacts.canary_report import Bounded, CanaryStep
from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.request_record import CHALLENGER, CHAMPION, RequestRecord
from sluiceway.artifacts.rollout_state import RolloutState, Served
from sluiceway.deploy.evidence import ArmsGathered
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.request_log import request_table
from sluiceway.stats.binomial_bounds import binomial_bounds
from sluiceway.stats.quantile_bounds import quantile_bounds
from sluiceway.stats.quantile_sequence import quantile_sequence
from sluiceway.stats.share_sequence import share_sequence

BEGAN = datetime(2013, 9, 1, tzinfo=UTC)
ONE, TWO = (Served(f"v{each}", "model", f"b{each}", f"bundles/b{each}.json", "0" * 64) for each in (1, 2))
STATE = RolloutState("live", ONE, 2, BEGAN, "tried", TWO, 0.25, 0, (0.25, 0.5), 60.0, ("tailnum",))
NEXT = replace(STATE, sequence=3, since=BEGAN + timedelta(hours=1), share=0.5, step=1)


def a_record(number, arm=CHAMPION, **changes):
    made = RequestRecord(
        request_id=f"r{number}",
        row=0,
        rows=1,
        arrival=microseconds(BEGAN) + number,
        at=microseconds(BEGAN) + number,
        scope="live",
        status=200,
        latency_us=1_000 + number,
        work_us=500 + number,
        arm=arm,
        version="v1",
        sequence=2,
        key={"flight": number},
        inputs={"tailnum": f"N{number}", "wind": 1.0},
    )
    return msgspec.structs.replace(made, **changes)


def a_table(records):
    return request_table([b"".join(encode(each) + b"\n" for each in records)], contract=CONTRACT, columns=COLUMNS)


def gathered(*records):
    arms = ArmsGathered(STATE, ("tailnum",))
    arms.take(a_table(records))
    return arms


def test_a_request_counts_for_its_arm():
    arms = gathered(*(a_record(n) for n in range(10)), *(a_record(n, CHALLENGER) for n in range(10, 14)))
    champion, challenger = arms.arm(CHAMPION, "v1"), arms.arm(CHALLENGER, "v2")
    assert (champion.version, champion.requests, champion.failures) == ("v1", 10, 0)
    assert (challenger.version, challenger.requests, challenger.failures) == ("v2", 4, 0)


def test_a_fallback_is_a_failure_of_the_challenger_though_the_caller_was_answered():
    failing = [a_record(n, CHALLENGER, fallback=True, error="the model gave nan") for n in range(3)]
    found = gathered(*failing, a_record(9, CHALLENGER)).arm(CHALLENGER, "v2")
    assert (found.requests, found.failures, found.errors) == (4, 3, ("the model gave nan (3)",))


def test_an_unanswered_request_is_a_failure_of_its_arm():
    assert gathered(a_record(1, status=500, error="broken")).arm(CHAMPION, "v1").failures == 1


def test_what_failed_before_it_had_an_arm_counts_against_both_and_says_nothing_of_latency():
    lost = a_record(5, "", status=503, rows=0, sequence=0, error="features cannot be read")
    arms = gathered(a_record(1), lost)
    assert arms.arm(CHALLENGER, "v2").failures == arms.arm(CHAMPION, "v1").failures == 1
    assert arms.arm(CHALLENGER, "v2").work_ms.value is None
    assert arms.step(STATE, NEXT.since) == CanaryStep(0.25, BEGAN, NEXT.since, 2, 1, 1)


def test_a_callers_mistake_is_nobodys_failure():
    assert gathered(a_record(1, "", status=422, rows=0, sequence=0)).arm(CHALLENGER, "v2").requests == 0


def test_a_request_of_many_rows_counts_once_for_each_arm_and_fails_with_any_of_its_rows():
    rows = [
        a_record(1, CHALLENGER if row % 2 else CHAMPION, request_id="batch", row=row, rows=4, fallback=row == 3)
        for row in range(4)
    ]
    other = [a_record(2, CHALLENGER, request_id="next", row=row, rows=2, latency_us=9, work_us=9) for row in range(2)]
    arms = gathered(*rows, *other)
    challenger = arms.arm(CHALLENGER, "v2")
    assert (challenger.requests, challenger.failures) == (2, 1)
    assert arms.arm(CHAMPION, "v1").requests == 1
    assert arms.step(STATE, NEXT.since).requests == 2


def test_success_and_latency_come_with_their_bounds():
    records = [a_record(n, CHALLENGER, fallback=n == 7, latency_us=n * 10, work_us=n * 7) for n in range(400)]
    found = gathered(*records).arm(CHALLENGER, "v2")
    once, always = binomial_bounds(successes=399, trials=400), share_sequence(successes=399, trials=400)
    assert found.success == Bounded(once.share, once.low, always.high)
    sample = np.arange(400) * 0.01
    once, always = quantile_bounds(sample, 0.99), quantile_sequence(sample, 0.99)
    assert (found.p99_ms.value, found.p99_ms.low, found.p99_ms.high) == pytest.approx(
        (once.value, always.low, once.high)
    )
    half = quantile_sequence(np.arange(400) * 0.007, 0.5, confidence=0.975)
    assert (found.work_ms.value, found.work_ms.low, found.work_ms.high) == pytest.approx(
        (half.value, half.low, half.high)
    )


def test_nothing_is_said_of_an_arm_without_requests():
    found = gathered().arm(CHALLENGER, "v2")
    assert (found.requests, found.success.low, found.work_ms.value, found.errors) == (0, None, None, ())


def test_steps_are_told_apart_by_the_state_that_answered():
    records = [a_record(n, CHALLENGER, sequence=2 + n % 2, fallback=n == 4) for n in range(10)]
    arms = gathered(*records, a_record(20, sequence=3))
    assert arms.step(STATE, NEXT.since) == CanaryStep(0.25, STATE.since, NEXT.since, 5, 5, 1)
    assert arms.step(NEXT, NEXT.since) == CanaryStep(0.5, NEXT.since, NEXT.since, 6, 5, 0)


def test_an_entity_counts_once_however_often_it_asks():
    records = [
        a_record(n, CHALLENGER if n % 4 == 0 else CHAMPION, inputs={"tailnum": f"N{n % 40}"}) for n in range(400)
    ]
    split = gathered(*records).split([STATE])
    assert (split.entities, split.on_challenger, split.expected) == (40, 10, 0.25)
    assert split.p_value == 1.0


def test_an_entity_on_both_sides_of_one_step_is_a_fault():
    records = [a_record(n, inputs={"tailnum": f"N{n}"}) for n in range(30)]
    records += [a_record(n, CHALLENGER, inputs={"tailnum": f"N{n}"}) for n in range(10)]
    assert gathered(*records).split([STATE]).p_value == 0.0


def test_an_entity_that_comes_onto_the_canary_with_a_greater_share_is_no_fault():
    before = [a_record(n, CHALLENGER if n < 250 else CHAMPION) for n in range(1_000)]
    after = [a_record(n, CHALLENGER if n < 500 else CHAMPION, sequence=3) for n in range(1_000)]
    assert gathered(*before, *after).split([STATE, NEXT]).p_value == 1.0


def test_the_worst_step_is_told_and_pays_for_having_been_sought():
    before = [a_record(n, CHALLENGER if n < 250 else CHAMPION) for n in range(1_000)]
    after = [a_record(n, CHALLENGER if n < 410 else CHAMPION, sequence=3) for n in range(1_000)]
    alone = gathered(*(msgspec.structs.replace(each, sequence=3) for each in after)).split([NEXT])
    both = gathered(*before, *after).split([STATE, NEXT])
    assert (both.on_challenger, both.expected) == (410, 0.5)
    assert both.p_value == pytest.approx(3 * alone.p_value)  # 2 * 3 instead of 1 * 2


def test_an_entity_may_be_named_by_several_columns_and_by_the_key():
    arms = ArmsGathered(STATE, ("tailnum", "flight"))
    arms.take(a_table([a_record(n, inputs={"tailnum": "N1"}) for n in range(8)]))
    assert arms.split([STATE]).entities == 8


def test_a_caller_who_names_every_request_alike_is_counted_each_time():
    alone = [a_record(n, CHALLENGER, request_id="mine") for n in range(5)]
    assert gathered(*alone).arm(CHALLENGER, "v2").requests == 5
    arrays = [a_record(n, CHALLENGER, request_id="mine", row=row, rows=2) for n in range(5) for row in range(2)]
    assert gathered(*arrays).arm(CHALLENGER, "v2").requests == 5
    assert gathered(*alone, *arrays, *alone).arm(CHALLENGER, "v2").requests == 15


def test_an_array_whose_rows_are_read_in_two_parts_is_counted_once_and_fails_once():
    rows = [a_record(1, CHALLENGER, request_id="array", row=row, rows=4, fallback=row > 1) for row in range(4)]
    arms = ArmsGathered(STATE, ("tailnum",))
    for row in rows:
        arms.take(a_table([row]))
    found = arms.arm(CHALLENGER, "v2")
    assert (found.requests, found.failures) == (1, 1)
    assert found.work_ms.value == rows[0].work_us / 1_000
    assert arms.step(STATE, NEXT.since).requests == 1


@st.composite
def logs(draw):
    """Requests of one row and of many, some refused, by callers some of whom name all their requests alike."""
    arms = st.sampled_from([CHAMPION, CHALLENGER])
    requests = []
    for number in range(draw(st.integers(0, 25))):
        shared = {"request_id": draw(st.sampled_from(["mine", "yours", f"r{number}"]))}
        shared |= {
            "sequence": draw(st.integers(2, 3)),
            "latency_us": draw(st.integers(100, 900)),
            "work_us": draw(st.integers(10, 90)),
        }
        if draw(st.integers(0, 5)) == 0:
            requests.append(
                [a_record(number, "", status=draw(st.sampled_from([422, 503])), **shared | {"sequence": 0})]
            )
            continue
        rows = draw(st.integers(1, 4))
        requests.append(
            [
                a_record(number, draw(arms), row=row, rows=rows, fallback=draw(st.booleans()), **shared)
                for row in range(rows)
            ]
        )
    return requests


@settings(deadline=None)
@given(logs(), st.data())
def test_every_request_counts_once_for_each_arm_in_how_many_pieces_the_log_is_read(requests, data):
    records = [row for request in requests for row in request]
    whole, parts = gathered(*records), ArmsGathered(STATE, ("tailnum",))
    while records:
        size = data.draw(st.integers(1, len(records)))
        parts.take(a_table(records[:size]))
        records = records[size:]
    for name in (CHAMPION, CHALLENGER):
        assert parts.arm(name, "v") == whole.arm(name, "v")
        expected = [[row for row in request if row.arm == name or row.status == 503] for request in requests]
        assert whole.arm(name, "v").requests == sum(map(bool, expected))
        assert whole.arm(name, "v").failures == sum(
            any(row.fallback or row.status == 503 for row in rows) for rows in expected
        )
    assert parts.split([STATE, NEXT]) == whole.split([STATE, NEXT])
    for state in (STATE, NEXT):
        assert parts.step(state, NEXT.since).canary_requests == whole.step(state, NEXT.since).canary_requests or any(
            row.status == 503 for request in requests for row in request
        )


def test_canary_traffic_spans_its_own_arrivals_whatever_moment_was_asked_about():
    hour, pinned = 3_600_000_000, microseconds(BEGAN) - 10**12
    first = microseconds(BEGAN)
    arms = gathered(
        *(a_record(n, CHALLENGER, arrival=first + n * hour, at=pinned) for n in (9, 2, 3)),
        a_record(30, arrival=first + 30 * hour, at=pinned),
    )
    span = arms.traffic()
    assert (span.hours, span.longest_silence_s) == (7.0, 6 * 3600.0)
    assert span.first == BEGAN + timedelta(hours=2)
    assert gathered(a_record(1)).traffic() is None
