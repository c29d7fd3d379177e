"""The control loop: a challenger that is worth it takes over, every other one is out, each on recorded evidence."""

import json
from dataclasses import replace
from datetime import timedelta
from math import nan

import pytest
from tests import bundles
from tests.canaries import BEGAN, SPEC, a_rival, a_scene, honest
from tests.served_canaries import TRUTH, a_served_scene

from sluiceway.artifacts.canary_report import SkewEvidence
from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import NO_OVERRIDES, Outcome
from sluiceway.deploy.gate import gate
from sluiceway.deploy.rehearse import Control, rehearse
from sluiceway.ledger.rolling import record_transition, transitions
from sluiceway.plans.request_log import request_table


def run(scene, **said):
    def record(change):
        record_transition(scene.ledger, change)

    control = Control(record, scene.server.board, scene.server, scene.kept.append)
    return rehearse(scene.canary, scene.checkpoints(), began=BEGAN, log=scene.server.log, control=control, **said)


def steps_of(scene):
    return [each.name for each in transitions(scene.ledger, "rehearsal")]


def test_an_equal_challenger_is_promoted_step_by_step():
    scene = a_scene()
    report = run(scene)
    assert (report.ended_by, report.reason) == ("promoted", "v2 takes over from v1")
    assert steps_of(scene) == ["first", "start", "step_up", "step_up", "step_up", "promote"]
    assert [step.share for step in report.steps] == [0.05, 0.25, 0.5, 1.0]
    assert all(step.ended - step.began >= timedelta(hours=24) for step in report.steps)
    assert report.challenger_arm.requests >= 2_995
    assert report.quality.difference.high <= report.quality.margin
    assert scene.server.settled == [1, 2, 3, 4, 5, 6]
    assert scene.server.board.read().champion.version == "v2"


def test_a_champion_that_is_not_the_live_one_is_told_by_the_report_the_gate_and_the_ledger():
    scene, why = a_scene(), "v0 takes other requests: v2 was rehearsed beside its own baseline"
    report = run(scene, beside=why)
    assert report.beside == why
    ended, *_ = gate(report, scene.canary.promise, NO_OVERRIDES, BEGAN).criteria
    assert ended.detail == f"v2 takes over from v1; {why}"
    assert next(transitions(scene.ledger, "rehearsal")).state.reason == why


def test_what_each_change_rests_upon_is_kept_before_the_change_is_on_record():
    scene = a_scene()
    run(scene)
    changes = [each for each in transitions(scene.ledger, "rehearsal") if each.evidence]
    assert [each.content_id for each in scene.kept] == [each.evidence for each in changes]
    assert [each.name for each in changes] == ["step_up", "step_up", "step_up", "promote"]
    assert [each.ended_by for each in scene.kept] == ["running", "running", "running", "promoted"]


def test_a_step_lasts_until_its_challenger_was_asked_however_long_nobody_asks():
    scene = a_scene()
    quiet = timedelta(days=60)
    scene.flown[:] = [replace(each, at=each.at + quiet) for each in scene.flown]
    report = run(scene)
    assert [step.share for step in report.steps][:2] == [0.05, 0.25]
    assert report.steps[0].ended > BEGAN + quiet
    assert report.steps[0].canary_requests >= 10
    assert report.champion_arm.requests > 0


def test_traffic_that_ends_within_a_step_says_how_much_it_lacked():
    scene = a_scene()
    del scene.flown[50:]
    report = run(scene)
    assert report.ended_by == "running"
    had = report.steps[-1].canary_requests
    assert f"the step at 5 % had {had} of the 10 requests that it lasts (rollout.min_requests)" in report.reason


def test_after_a_promotion_the_replay_goes_on_with_the_new_champion():
    scene = a_scene()
    report = run(scene)
    assert report.ended < report.until
    assert report.until >= scene.flown[-1].at
    last = scene.server.record(scene.flown[-1])
    assert (last.version, last.arm, last.share) == ("v2", "champion", 0.0)
    assert sum(step.canary_requests for step in report.steps) == report.challenger_arm.requests


BAD = {
    "one in a hundred fails": (
        {"fails": lambda flight: "the model raised" if flight.number % 100 == 7 else ""},
        honest,
        "share of canary requests answered",
    ),
    "ten times slower": ({"latency_us": {"champion": 400, "challenger": 4_000}}, honest, "median work"),
    "no probability": ({"fails": lambda flight: "the model gave nan"}, lambda wind: nan, "share of canary requests"),
    "labels flipped": ({}, lambda wind: 1 - honest(wind), "log loss above the champion's"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_challenger_is_aborted_for_what_is_wrong_with_it(fault):
    server, probability, criterion = BAD[fault]
    scene = a_scene(a_rival("v2", probability), **server)
    report = run(scene)
    assert report.ended_by == "aborted"
    assert criterion in report.reason
    *_, last = transitions(scene.ledger, "rehearsal")
    assert last.name == "abort"
    assert last.evidence == report.content_id
    stopped = [each for each in last.criteria if each.outcome is Outcome.STOPPED]
    assert all(each.name in last.state.reason for each in stopped)
    assert criterion in stopped[0].name
    assert scene.server.board.read().champion.version == "v1"
    assert scene.server.board.read().challenger is None
    verdict = gate(report, scene.canary.promise, NO_OVERRIDES, BEGAN)
    assert verdict.outcome is Outcome.STOPPED


def test_the_users_of_a_failing_challenger_got_the_champions_answers():
    scene = a_scene(fails=lambda flight: "the model gave nan")
    report = run(scene)
    assert report.challenger_arm.failures == report.challenger_arm.requests > 0
    assert report.challenger_arm.errors == (f"the model gave nan ({report.challenger_arm.failures})",)
    assert report.champion_arm.failures == 0


def test_an_abort_ends_the_replay_at_once():
    scene = a_scene(a_rival("v2"), latency_us={"champion": 400, "challenger": 4_000})
    report = run(scene)
    assert report.until == report.ended
    assert report.ended - BEGAN <= timedelta(hours=36)


def test_traffic_that_ends_too_early_is_said_with_what_is_lacking():
    scene = a_scene()
    scene.flown = scene.flown[:2_000]
    report = run(scene)
    assert (report.ended_by, steps_of(scene)) == ("running", ["first", "start", "step_up", "step_up"])
    verdict = gate(report, scene.canary.promise, NO_OVERRIDES, BEGAN)
    said = {each.name: each for each in verdict.closed}
    assert said["how the canary ended"].outcome is Outcome.INCONCLUSIVE
    success = said["share of canary requests answered, lower 95 % bound"]
    lacking = 2_995 - report.challenger_arm.requests
    assert f"it takes 2,995, so {lacking:,} more without a failure" in success.detail
    assert success.detail in report.reason


def test_a_step_lasts_its_hold_and_no_longer():
    scene = a_scene()
    report = run(scene)
    assert [step.ended - step.began for step in report.steps[:3]] == [timedelta(hours=24)] * 3


def test_a_challenger_that_stays_uncertain_is_not_promoted():
    strict = replace(SPEC, sla=replace(SPEC.sla, success_rate=0.9999))
    scene = a_scene(promise=Promise(strict, ()))
    report = run(scene)
    assert report.ended_by == "running"
    assert [step.share for step in report.steps] == [0.05, 0.25, 0.5, 1.0]
    assert "it takes 29,956" in report.reason


# ---- the real service, with real models

FAULTS = {  # the model, the champion beside it, and what stops it
    "one in a hundred raises": (bundles.raising_where_above(990.0), bundles.logistic(), "share of canary requests"),
    "one in a hundred is no number": (bundles.nan_where_above(990.0), bundles.logistic(), "share of canary requests"),
    "ten times slower": (bundles.slow(2_000, **TRUTH), None, "median work"),
    "never a number": (bundles.constant(nan), None, "share of canary requests"),
    "labels flipped": (bundles.flipped(**TRUTH), None, "log loss above the champion's"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_real_service_puts_a_bad_model_out_and_nobody_went_without_an_answer(fault):
    model, champion, criterion = FAULTS[fault]
    scene = a_served_scene(model, champion=champion)
    report = scene.rehearse()
    assert (report.ended_by, scene.changes[-1].name) == ("aborted", "abort")
    stopped = [each.name for each in scene.changes[-1].criteria if each.outcome is Outcome.STOPPED]
    assert any(name.startswith(criterion) for name in stopped), stopped
    assert gate(report, scene.canary.promise, NO_OVERRIDES, BEGAN).outcome is Outcome.STOPPED
    assert {answer.status for answer in scene.answers} == {200}
    assert scene.board.read().champion.version == "v1"
    assert scene.board.read().challenger is None


def test_the_real_service_promotes_a_model_that_is_as_good():
    scene = a_served_scene(bundles.logistic(**TRUTH))
    report = scene.rehearse()
    assert (report.ended_by, report.reason) == ("promoted", "v2 takes over from v1")
    assert [change.name for change in scene.changes] == ["first", "start", "step_up", "step_up", "promote"]
    proven = replace(report, skew=SkewEvidence(5_000, 15_000, {}, ()))
    assert gate(proven, scene.canary.promise, NO_OVERRIDES, BEGAN).outcome is Outcome.PASSED
    assert json.loads(scene.answers[-1].body)["model_version"] == "v2"
    assert report.split.p_value > 0.001
    assert report.quality.difference.high == 0.0


def test_an_entity_stays_on_the_side_it_came_to_while_the_share_grows():
    scene = a_served_scene(bundles.logistic(**TRUTH))
    scene.rehearse()
    table = request_table((chunk for _, chunk in scene.log.read()), contract=bundles.CONTRACT, columns=bundles.COLUMNS)
    sides = {}
    for sequence, carrier, arm in zip(
        *(table[name].to_pylist() for name in ("sequence", "input:carrier", "arm")), strict=True
    ):
        sides.setdefault(carrier, {}).setdefault(sequence, set()).add(arm)
    for carrier, seen in sides.items():
        arms = [seen[sequence] for sequence in sorted(seen) if sequence < 5]
        assert all(len(each) == 1 for each in arms), carrier
        assert arms == sorted(arms, key=lambda each: each == {"challenger"}), carrier
