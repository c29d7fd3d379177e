from dataclasses import replace
from datetime import timedelta

import pytest
from tests import bundles
from tests.live_projects import NOW, SHUT, a_live_project, promised
from tests.served_canaries import PROMISE

from sluiceway.artifacts.promise import Promise
from sluiceway.core.errors import DamagedError, MisuseError, UnknownNameError
from sluiceway.core.verdict import Criterion, Outcome, Verdict
from sluiceway.declare.spec import Rollout
from sluiceway.deploy.rollout import promote, step_up
from sluiceway.flow.live_rollout import (
    NOBODY,
    Shut,
    begin,
    end,
    go_back,
    make,
    require_state,
    state_now,
    take_over,
)
from sluiceway.flow.registered_models import changed_since, registered
from sluiceway.ledger.rolling import Transition, current, transitions

FEWER = bundles.other_contract(inputs=tuple(each for each in bundles.CONTRACT.inputs if each.name != "seats"))
OTHER = bundles.logistic(slope=0.004, intercept=-3.9)


@pytest.fixture
def project():
    return a_live_project(days=1, a_day=10)


def start(project, version=None):
    return begin(project.kit, version=version, author="ada")


def promoted(project):
    """Version 1 in charge, and version 2 registered."""
    state = start(project)
    while state.step < len(state.ramp) - 1:
        state = make(project.kit, Transition("step_up", step_up(state, at=NOW)))
    project.register(2, OTHER)
    return make(project.kit, Transition("promote", promote(state, at=NOW)))


def test_the_first_model_is_tried_out_beside_its_baseline(project):
    state = start(project)
    assert (state.champion.version, state.champion.role) == ("v1-baseline", "baseline")
    assert (state.challenger.version, state.share, state.by) == ("v1", 0.2, ("carrier",))
    assert (state.ramp, state.hold_s) == ((0.2, 0.6, 1.0), 86_400)
    told = list(transitions(project.kit.ledger, "live"))
    assert [(each.name, each.author) for each in told] == [("first", "ada"), ("start", "ada")]
    assert project.board.read() == state


def test_a_model_that_no_server_can_load_is_never_put_in_charge(project):
    project.register(2, b"no model")
    with pytest.raises(DamagedError):
        start(project)
    assert current(project.kit.ledger, "live") is None


def test_a_rollout_goes_by_the_spec_that_was_rehearsed_not_by_a_later_one(project):
    patient = replace(PROMISE.spec, rollout=Rollout(canary=0.1, ramp=(1.0,), hold="365d"))
    rehearsed = promised(project.kit, Promise(patient, ()))
    project.register(2, OTHER, spec=rehearsed)
    hasty = replace(patient, rollout=Rollout(canary=0.5, ramp=(1.0,), hold="5s"))
    promised(project.kit, Promise(hasty, ()))
    found = registered(project.kit, None)
    assert changed_since(project.kit, found, hasty) == ("rollout",)
    assert changed_since(project.kit, found, patient) == ()
    state = start(project)
    assert (state.share, state.hold_s, state.min_requests) == (0.1, 365 * 86_400, 10)


def test_a_server_answers_by_what_was_started(project):
    start(project)
    project.ask(10)
    assert {answer.status for answer in project.endpoint.ask([project.flights[0].question])} == {200}


def test_a_later_model_is_tried_out_beside_the_champion(project):
    promoted(project)
    state = start(project)
    assert (state.champion.version, state.challenger.version) == ("v1", "v2")


def test_a_version_may_be_chosen(project):
    project.register(2, OTHER)
    assert start(project, version=1).challenger.version == "v1"


def test_a_version_that_is_not_there_is_misuse(project):
    with pytest.raises(UnknownNameError, match="no version is called '7'"):
        start(project, version=7)


def test_what_answers_already_is_not_tried_out(project):
    promoted(project)
    with pytest.raises(MisuseError, match="v1 answers already"):
        start(project, version=1)


def test_two_are_not_tried_out_at_once(project):
    start(project)
    project.register(2, OTHER)
    with pytest.raises(MisuseError, match="v1 is being tried out at 20 %"):
        start(project)


def test_a_model_with_other_inputs_is_refused_before_anything_changes(project):
    promoted(project)
    before = current(project.kit.ledger, "live")
    project.register(3, OTHER, contract=FEWER)
    with pytest.raises(MisuseError, match=r"their requests differ in seats.*rollout start --replace"):
        start(project)
    assert current(project.kit.ledger, "live") == before


def test_a_model_with_other_inputs_may_take_over_at_once_when_somebody_says_so(project):
    before = promoted(project)
    project.register(3, OTHER, contract=FEWER)
    state = take_over(project.kit, version=None, reason="callers count no seats", author="ada")
    assert (state.champion.version, state.previous, state.challenger) == ("v3", before.champion, None)
    assert project.board.read() == state
    *_, last = transitions(project.kit.ledger, "live")
    assert (last.name, last.author) == ("replace", "ada")
    assert "their requests differ in seats; callers count no seats" in last.state.reason
    assert go_back(project.kit, reason="too early", author="ada").champion == before.champion


def test_who_can_be_tried_out_first_does_not_take_over_at_once(project):
    promoted(project)
    with pytest.raises(MisuseError, match="take the same requests"):
        take_over(project.kit, version=2, reason="in a hurry", author="ada")


def test_who_was_not_rehearsed_does_not_take_over(project):
    promoted(project)
    project.register(3, OTHER, contract=FEWER, rehearsal=None)
    assert take_over(project.kit, version=3, reason="in a hurry", author="ada").gate == 6


def test_nobody_takes_over_while_another_is_tried_out(project):
    start(project)
    project.register(3, OTHER, contract=FEWER)
    with pytest.raises(MisuseError, match="is being tried out at"):
        take_over(project.kit, version=3, reason="in a hurry", author="ada")


def test_a_model_behind_a_closed_gate_5_stays_out(project):
    project.register(2, OTHER, gate=SHUT)
    shut = start(project)
    assert isinstance(shut, Shut)
    assert (shut.gate, shut.standing.verdict.outcome) == (5, Outcome.STOPPED)
    assert current(project.kit.ledger, "live") is None


def test_a_model_that_was_not_rehearsed_stays_out(project):
    project.register(2, OTHER, rehearsal=None)
    shut = start(project)
    assert (shut.gate, shut.standing) == (6, None)
    assert shut.why == "version 2 has not been rehearsed: sluiceway rollout rehearse"


def test_a_model_whose_rehearsal_stopped_stays_out(project):
    project.register(2, OTHER, rehearsal=SHUT)
    assert start(project).why.startswith("the rehearsal of version 2 did not pass gate 6")


def test_an_override_of_the_rehearsal_lets_it_in_only_until_it_ends(project):
    excused = Criterion("p99", 80.0, 50.0, Outcome.OVERRIDDEN, valid_until=NOW + timedelta(days=1))
    project.register(2, OTHER, rehearsal=Verdict((excused,)))
    project.clock.moment = NOW + timedelta(days=2)
    assert isinstance(start(project), Shut)
    project.clock.moment = NOW
    assert start(project).challenger.version == "v2"


def test_nothing_registered_is_misuse_with_what_to_do(project):
    from sluiceway.adapters.memory_state import MemoryState
    from sluiceway.ledger.chain import Ledger

    empty = replace(project.kit, ledger=Ledger(MemoryState(), project.clock))
    with pytest.raises(MisuseError, match="one is when gate 5 opens: sluiceway run"):
        begin(empty, version=None, author="ada")


def test_an_abort_takes_the_challenger_out_and_says_who_and_why(project):
    start(project)
    state = end(project.kit, reason="calls from the gates", author="ada")
    assert (state.challenger, state.champion.version) == (None, "v1-baseline")
    assert project.board.read() == state
    *_, last = transitions(project.kit.ledger, "live")
    assert (last.name, last.author) == ("abort", "ada")
    assert "calls from the gates" in last.state.reason


def test_a_rollback_is_one_call(project):
    promoted(project)
    state = go_back(project.kit, reason="slow", author="ada")
    assert (state.champion.version, state.previous) == ("v1-baseline", None)
    assert project.board.read() == state


@pytest.mark.parametrize("change", [end, go_back])
def test_without_a_rollout_there_is_nothing_to_end(project, change):
    with pytest.raises(MisuseError, match="nobody answers live traffic yet"):
        change(project.kit, reason="x", author="ada")


def test_a_kill_between_ledger_and_board_is_mended_by_whatever_asks_next(project):
    state = start(project)
    ledger_only = replace(state, sequence=state.sequence + 1, reason="killed before it was shown")
    from sluiceway.ledger.rolling import record_transition

    record_transition(project.kit.ledger, Transition("step_up", ledger_only))
    assert project.board.read() == state
    assert state_now(project.kit) == ledger_only
    assert project.board.read() == ledger_only


def test_a_board_that_was_damaged_or_removed_is_shown_again(project):
    state = start(project)
    project.kit.objects.put("rollouts/live.json", b"{")
    assert require_state(project.kit) == state
    assert project.board.read() == state


def test_a_board_ahead_of_the_ledger_is_put_back(project):
    state = start(project)
    project.board.show(replace(state, sequence=9, reason="nobody recorded this"))
    assert state_now(project.kit) == state
    assert project.board.read() == state


def test_nobody_answers_before_the_first_change(project):
    assert state_now(project.kit) is None
    assert project.board.read() is None
    assert "sluiceway rollout start" in NOBODY
