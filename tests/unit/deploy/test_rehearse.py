"""The control loop: a challenger that is worth it takes over, every other one is out, each on recorded evidence."""

from dataclasses import replace
from datetime import timedelta
from math import nan

import pytest
from tests.canaries import BEGAN, SPEC, a_rival, a_scene, honest

from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import NO_OVERRIDES, Outcome
from sluiceway.deploy.gate import gate
from sluiceway.deploy.rehearse import Control, rehearse
from sluiceway.ledger.rolling import record_transition, transitions


def run(scene):
    def record(change):
        record_transition(scene.ledger, change)

    control = Control(record, scene.server.board, scene.server)
    return rehearse(scene.canary, scene.checkpoints(), began=BEGAN, log=scene.server.log, control=control)


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
    "ten times slower": ({"latency_us": {"champion": 400, "challenger": 4_000}}, honest, "median latency"),
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
    assert report.ended - BEGAN <= timedelta(hours=24)


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
