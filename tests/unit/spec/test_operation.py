import pytest

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.spec import Monitoring, Rollout
from sluiceway.spec.parse import parse_spec

SPEC = """
problem: {name: late, statement: "Late?", owner: ops}
target: {kind: binary, label: late, positive: 1}
inputs: [carrier]
costs: {currency: USD, false_negative: 6, false_positive: 2}
metric: {name: f_beta, beta: auto}
sla: {latency_p99_ms: 50, success_rate: 0.999}
"""


def parsed(more=""):
    return parse_spec(SPEC + more, path="spec.yaml")


def problems(more):
    with pytest.raises(DeclarationError) as caught:
        parsed(more)
    return str(caught.value)


def test_without_the_sections_the_canary_is_five_per_cent_for_two_days():
    spec = parsed()
    assert spec.rollout == Rollout(0.05, (0.25, 0.5, 1.0), "48h", ())
    assert spec.observe == Monitoring("month", ())


def test_everything_given_is_read():
    spec = parsed(
        "rollout: {canary: 0.1, ramp: [0.5, 1], hold: 12h, by: [carrier]}\nobserve: {window: 7d, seasonal: [weather]}\n"
    )
    assert spec.rollout == Rollout(0.1, (0.5, 1), "12h", ("carrier",), 10)
    assert spec.rollout.shares == (0.1, 0.5, 1)
    assert spec.observe == Monitoring("7d", ("weather",))


def test_a_ramp_that_does_not_grow_is_refused():
    assert "must grow from step to step, got 0.05, 0.5, 0.25" in problems("rollout: {ramp: [0.5, 0.25]}")


@pytest.mark.parametrize("ramp", ["[2]", "[0]", "['a lot']", "half"])
def test_a_share_outside_of_zero_to_one_is_refused(ramp):
    assert "rollout.ramp" in problems(f"rollout: {{ramp: {ramp}}}")


def test_a_hold_and_a_window_end_within_a_hundred_years():
    told = problems("rollout: {hold: 3000000d}\nobserve: {window: 99999999999w}")
    assert told.count("is longer than a hundred years") == 2


def test_a_step_may_last_for_more_or_fewer_requests():
    assert parsed("rollout: {min_requests: 0}").rollout.min_requests == 0
    assert "rollout.min_requests must be a whole number, 0 or more, got 2.5" in problems("rollout: {min_requests: 2.5}")


def test_a_hold_and_a_window_must_be_durations():
    told = problems("rollout: {hold: soon}\nobserve: {window: sometimes}")
    assert "rollout.hold" in told
    assert "observe.window" in told


def test_an_unknown_key_is_refused_with_a_hint():
    assert "Did you mean 'seasonal'?" in problems("observe: {season: [weather]}")
