from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sluiceway.artifacts.rollout_state import RolloutState, Served
from sluiceway.core.errors import MisuseError
from sluiceway.core.verdict import Criterion, Outcome, Verdict
from sluiceway.deploy.rollout import (
    Plan,
    abort,
    changed,
    due,
    first,
    is_last,
    promote,
    rollback,
    start,
    step_up,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
PLAN = Plan((0.05, 0.25, 1.0), 172_800, ("tailnum",))


def served(number: int) -> Served:
    return Served(f"v{number}", "model", f"bundle-{number}", f"bundles/{number}.json", "0" * 64)


def begun() -> RolloutState:
    return start(first("live", served(1), at=NOW), served(2), PLAN, at=LATER)


def at_the_last_share() -> RolloutState:
    return step_up(step_up(begun(), at=LATER), at=LATER)


def test_a_step_also_lasts_until_the_challenger_was_asked_so_often():
    state = replace(begun(), min_requests=30, scope="rehearsal")
    after = LATER + timedelta(days=30)
    assert due(state, Outcome.INCONCLUSIVE, now=after, requests=29) is None
    assert due(state, Outcome.INCONCLUSIVE, now=after, requests=30) == "step_up"
    assert due(state, Outcome.STOPPED, now=after, requests=0) == "abort"
    assert due(state, Outcome.INCONCLUSIVE, now=after) == "step_up"


def test_a_first_champion_answers_everything():
    state = first("live", served(1), at=NOW)
    assert (state.sequence, state.champion, state.challenger, state.share) == (1, served(1), None, 0.0)
    assert state.reason == "v1 is the first to answer"


def test_a_challenger_begins_with_the_first_share():
    state = begun()
    assert (state.challenger, state.share, state.step, state.since) == (served(2), 0.05, 0, LATER)
    assert (state.ramp, state.hold_s, state.by) == ((0.05, 0.25, 1.0), 172_800, ("tailnum",))
    assert state.reason == "v2 is tried out on 5 %, v1 answers the rest"


def test_each_step_gives_the_next_share():
    state = step_up(begun(), at=LATER)
    assert (state.share, state.step, state.sequence) == (0.25, 1, 3)
    assert is_last(step_up(state, at=LATER))


def test_a_promoted_challenger_is_champion_and_the_old_one_is_kept():
    state = promote(at_the_last_share(), at=LATER)
    assert (state.champion, state.previous, state.challenger) == (served(2), served(1), None)
    assert (state.share, state.ramp, state.by, state.hold_s) == (0.0, (), (), 0.0)


def test_an_aborted_challenger_is_out_and_the_reason_says_why():
    state = abort(begun(), at=LATER, why="p99 latency")
    assert (state.champion, state.challenger, state.share) == (served(1), None, 0.0)
    assert state.reason == "v2 is out at 5 %: p99 latency"


def test_a_rollback_is_one_step_and_ends_what_is_being_tried_out():
    running = start(promote(at_the_last_share(), at=LATER), served(3), PLAN, at=LATER)
    state = rollback(running, at=LATER, why="calls from the gate agents")
    assert (state.champion, state.previous, state.challenger) == (served(1), None, None)
    assert state.reason == "back from v2 to v1: calls from the gate agents"


def test_what_was_rolled_back_may_be_tried_out_again():
    back = rollback(promote(at_the_last_share(), at=LATER), at=LATER, why="slow")
    assert start(back, served(2), PLAN, at=LATER).challenger == served(2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: start(begun(), served(3), PLAN, at=NOW), "v2 is being tried out at 5 %"),
        (lambda: start(first("live", served(1), at=NOW), served(1), PLAN, at=NOW), "v1 answers already"),
        (lambda: start(first("live", served(1), at=NOW), served(2), Plan((), 1), at=NOW), "must grow"),
        (lambda: start(first("live", served(1), at=NOW), served(2), Plan((0.5, 0.2), 1), at=NOW), "must grow"),
        (lambda: start(first("live", served(1), at=NOW), served(2), Plan((0.5, 1.2), 1), at=NOW), "must grow"),
        (lambda: start(first("live", served(1), at=NOW), served(2), Plan((0.0, 0.2), 1), at=NOW), "must grow"),
        (lambda: step_up(at_the_last_share(), at=NOW), "v2 has the last share, 100 %"),
        (lambda: promote(begun(), at=NOW), "v2 stands at 5 %; it is promoted from 100 % only"),
        (lambda: promote(first("live", served(1), at=NOW), at=NOW), "no version is being tried out beside v1"),
        (lambda: abort(first("live", served(1), at=NOW), at=NOW, why=""), "nothing can be aborted"),
        (lambda: step_up(first("live", served(1), at=NOW), at=NOW), "no share can grow"),
        (lambda: rollback(begun(), at=NOW, why=""), "no champion before v1 to roll back to; sluiceway rollout abort"),
    ],
)
def test_what_cannot_be_is_misuse_and_says_what_to_do(change, said):
    with pytest.raises(MisuseError, match=said):
        change()


GOES_ON = {Outcome.PASSED, Outcome.OVERRIDDEN, Outcome.WARNED, Outcome.NO_REFERENCE}


@pytest.mark.parametrize("scope", ["live", "rehearsal"])
@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("held", [False, True])
def test_what_is_due_follows_from_scope_verdict_share_and_hold(scope, outcome, last, held):
    state = replace(at_the_last_share() if last else begun(), scope=scope)
    now = state.since + timedelta(seconds=state.hold_s - (0 if held else 1))
    expected = None
    if outcome is Outcome.STOPPED:
        expected = "abort"
    elif held and last:
        expected = "promote" if outcome in GOES_ON else None
    elif held:
        expected = "step_up" if outcome in GOES_ON or scope == "rehearsal" else None
    assert due(state, outcome, now=now) == expected


def test_a_change_that_is_due_is_made_for_the_verdicts_reasons():
    slow = Criterion("p99", 80.123456, 50.0, Outcome.STOPPED, "of 300 requests")
    early = Criterion("hours", 3.0, 48.0, Outcome.INCONCLUSIVE)
    out = changed(begun(), "abort", Verdict((slow, early)), at=LATER)
    assert out.reason == "v2 is out at 5 %: p99 80.12, limit 50 (of 300 requests)"
    assert changed(begun(), "step_up", Verdict((early,)), at=LATER).share == 0.25
    assert changed(at_the_last_share(), "promote", Verdict((early,)), at=LATER).champion == served(2)


def test_what_was_too_little_to_bound_is_said_in_words():
    slow = Criterion("p99, upper bound", None, 0.001, Outcome.STOPPED, "of 1 request")
    out = changed(begun(), "abort", Verdict((slow,)), at=LATER)
    assert out.reason == "v2 is out at 5 %: p99, upper bound not known yet, limit 0.001 (of 1 request)"


def test_nothing_is_due_where_nobody_is_tried_out():
    with pytest.raises(MisuseError, match="nothing is due"):
        due(first("live", served(1), at=NOW), Outcome.PASSED, now=NOW)


class Changes(RuleBasedStateMachine):
    """Whatever is done in whatever order, the state makes sense."""

    def __init__(self):
        super().__init__()
        self.state = first("live", served(0), at=NOW)
        self.number, self.shares = 0, [0.0]

    def attempt(self, change):
        before = self.state
        try:
            self.state = change()
        except MisuseError:
            assert self.state is before
        else:
            assert self.state.sequence == before.sequence + 1
            assert self.state.reason != before.reason

    @rule(shares=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=4, unique=True).map(sorted))
    def try_out(self, shares):
        self.number += 1
        self.attempt(lambda: start(self.state, served(self.number), Plan(shares, 60), at=LATER))

    @rule()
    def grow(self):
        self.attempt(lambda: step_up(self.state, at=LATER))

    @rule()
    def take_over(self):
        champion = self.state.champion
        self.attempt(lambda: promote(self.state, at=LATER))
        assert champion in {self.state.champion, self.state.previous}

    @rule()
    def end(self):
        champion = self.state.champion
        self.attempt(lambda: abort(self.state, at=LATER, why="told to"))
        assert self.state.champion == champion

    @rule()
    def go_back(self):
        self.attempt(lambda: rollback(self.state, at=LATER, why="told to"))

    @invariant()
    def a_share_has_a_challenger_and_never_the_champion(self):
        state = self.state
        assert (state.share > 0) == (state.challenger is not None)
        assert state.challenger is None or state.challenger.bundle != state.champion.bundle
        assert state.challenger is None or state.share == state.ramp[state.step]


TestChanges = Changes.TestCase
