from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from tests import bundles
from tests.live_projects import NOW, a_live_project, furnish
from tests.served_canaries import TRUTH, lenient

from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.codec import decode, encode
from sluiceway.core.errors import MisuseError
from sluiceway.core.verdict import Outcome, Override
from sluiceway.flow.kit import Settings
from sluiceway.flow.live_canary import LiveCanary
from sluiceway.flow.live_rollout import begin, end
from sluiceway.ledger.overriding import record_override
from sluiceway.ledger.rolling import current, transitions
from sluiceway.ledger.standing import VERDICT, live_standings, standings
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.request_log import records_of

HALF_A_DAY = 500


def started(model=None, **settings):
    """A project with its first version on the canary, under a promise that few requests can prove."""
    made = a_live_project(promise=lenient(0.99), **({} if model is None else {"model": model}), **settings)
    begin(made.kit, version=None, author="ada")
    return made


def canary_of(project, **settings):
    return LiveCanary(project.kit, Settings(**settings), project.project)


def judged(project):
    return [entry for entry in project.kit.ledger.entries(VERDICT) if entry.body["scope"] == "live"]


def test_a_canary_goes_from_share_to_share_and_takes_over():
    project = started()
    canary, seen = canary_of(project), []
    while project.asked < 5_000 and not (seen and seen[-1].change == "promote"):
        project.ask(HALF_A_DAY)
        seen.append(canary.steer(canary.look()))
    made = [(each.change, round(each.report.hours)) for each in seen if each.change]
    assert made == [("step_up", 60), ("step_up", 84), ("promote", 108)]
    assert seen[-1].standing.scope == "live"
    assert seen[-1].standing.verdict.outcome is Outcome.PASSED
    state = current(project.kit.ledger, "live")
    assert (state.champion.version, state.previous.version) == ("v1", "v1-baseline")
    assert project.board.read() == state


def test_live_nothing_grows_before_the_gate_is_open():
    project = started()
    canary = canary_of(project)
    project.ask(3 * HALF_A_DAY)
    seen = canary.steer(canary.look())
    assert (seen.change, seen.state.share) == (None, 0.2)
    hours = next(each for each in seen.standing.verdict.closed if each.name == "hours of canary traffic")
    assert (hours.outcome, round(hours.measured)) == (Outcome.INCONCLUSIVE, 36)


def test_a_bad_model_is_put_out_with_the_evidence_on_record():
    project = started(bundles.constant(float("nan")))
    project.ask(HALF_A_DAY)
    canary = canary_of(project)
    seen = canary.steer(canary.look())
    assert (seen.change, seen.report.ended_by) == ("abort", "aborted")
    assert project.board.read().challenger is None
    *_, last = transitions(project.kit.ledger, "live")
    assert "share of canary requests answered" in last.state.reason
    assert last.evidence == seen.standing.artifact
    kept = project.kit.objects.get(f"rollouts/canaries/{seen.standing.artifact}.json")
    assert decode(CanaryReport, kept).challenger_arm.failures > 0


def test_the_verdict_stands_beside_the_rehearsals_and_says_what_it_stands_upon():
    project = started()
    project.ask(HALF_A_DAY)
    canary_of(project).look()
    live, rehearsed = live_standings(project.kit.ledger)["deploy"], standings(project.kit.ledger)["deploy"]
    assert (live.gate, live.scope, rehearsed.scope) == (6, "live", "rehearsal")
    assert live.upstream["train"] == rehearsed.upstream["train"]


def test_a_look_changes_nothing_but_the_record():
    project = started(bundles.constant(float("nan")))
    project.ask(HALF_A_DAY)
    before = current(project.kit.ledger, "live")
    assert canary_of(project).look().standing.verdict.outcome is Outcome.STOPPED
    assert current(project.kit.ledger, "live") == before


def test_only_news_are_recorded_again_by_one_who_watches():
    project = started()
    canary = canary_of(project)
    for many in (HALF_A_DAY, 20, 20):
        project.ask(many)
        seen = canary.look(only_news=True)
    assert len(judged(project)) == 1
    assert seen.report.challenger_arm.requests > 0
    canary.look()
    assert len(judged(project)) == 2


def test_somebody_elses_change_comes_first():
    project = started(bundles.constant(float("nan")))
    project.ask(HALF_A_DAY)
    canary = canary_of(project)
    seen = canary.look()
    stopped = end(project.kit, reason="a person was faster", author="ada")
    after = canary.steer(seen)
    assert (after.change, after.state, after.over) == (None, stopped, True)
    assert [each.name for each in transitions(project.kit.ledger, "live")] == ["first", "start", "abort"]


def test_a_watcher_follows_steps_that_somebody_else_made():
    project = started()
    watching, other = canary_of(project), canary_of(project)
    project.ask(5 * HALF_A_DAY)
    seen = watching.look()
    assert other.steer(other.look()).change == "step_up"
    behind = watching.steer(seen)
    assert (behind.change, behind.state.share, behind.over) == (None, 0.6, False)
    project.ask(2 * HALF_A_DAY)
    after = watching.steer(watching.look(only_news=True))
    assert (after.change, after.state.share) == ("step_up", 1.0)
    assert len(after.report.steps) == 2


def test_a_watcher_ends_when_another_canary_has_begun():
    project = started()
    canary = canary_of(project)
    project.ask(HALF_A_DAY)
    seen = canary.look()
    end(project.kit, reason="a person was faster", author="ada")
    project.clock.moment += timedelta(seconds=1)
    project.register(2, bundles.logistic(slope=0.004, intercept=-3.9))
    begin(project.kit, version=2, author="ada")
    after = canary.steer(seen)
    assert (after.change, after.over, after.state.challenger.version) == (None, True, "v2")


def test_newer_outcomes_are_taken_in():
    project = started()
    canary = canary_of(project)
    project.ask(2 * HALF_A_DAY)
    before = canary.look().report.quality
    furnish(project.kit, [replace(each, late=1) for each in project.flights], lenient(0.99))
    after = canary.look().report.quality
    assert after.rows == before.rows > before.positives
    assert after.positives == after.rows


def test_what_a_change_rests_upon_is_kept_even_when_it_is_no_news():
    project = started()
    canary = canary_of(project)
    for _ in range(5):
        project.ask(HALF_A_DAY)
        seen = canary.steer(canary.look(only_news=True))
        if seen.change:
            break
    *_, last = transitions(project.kit.ledger, "live")
    assert (last.name, seen.standing.artifact) == ("step_up", last.evidence)
    assert project.kit.objects.has(f"rollouts/canaries/{last.evidence}.json")


def test_a_look_from_a_new_process_sees_the_same():
    project = started()
    watching = canary_of(project)
    while len(list(transitions(project.kit.ledger, "live"))) < 3:
        project.ask(HALF_A_DAY)
        watching.steer(watching.look())
    project.ask(HALF_A_DAY)
    one, other = watching.look().report, canary_of(project).look().report
    assert (one.steps, one.quality, one.split, one.challenger_arm) == (
        other.steps, other.quality, other.split, other.challenger_arm,
    )  # fmt: skip
    assert len(one.steps) == 2


def test_an_override_lets_the_canary_go_on():
    project = started(bundles.slow(100, **TRUTH))
    project.ask(5 * HALF_A_DAY)
    seen = canary_of(project).look()
    (slow,) = [each for each in seen.standing.verdict.criteria if each.outcome is Outcome.STOPPED]
    assert slow.name.startswith("median work")
    until = project.clock.now() + timedelta(days=1)
    record_override(project.kit.ledger, Override(slow.check, seen.report.dataset, "ada", "known, accepted", until))
    canary = canary_of(project)
    after = canary.steer(canary.look())
    assert (after.standing.verdict.outcome, after.change) == (Outcome.OVERRIDDEN, "step_up")


def test_outcomes_are_known_up_to_the_projects_present():
    project = started()
    project.ask(2 * HALF_A_DAY)
    assert canary_of(project).look().report.quality.rows > 0
    assert canary_of(project, as_of=NOW).look().report.quality.rows == 0


def test_the_page_is_written():
    project = started()
    project.ask(20)
    assert b"live canary of v1" in project.kit.objects.get(canary_of(project).look().page)


def test_without_a_canary_there_is_nothing_to_advance():
    project = a_live_project(days=1, a_day=10)
    with pytest.raises(MisuseError, match="nobody answers live traffic yet"):
        canary_of(project)
    begin(project.kit, version=None, author="ada")
    end(project.kit, reason="x", author="ada")
    with pytest.raises(MisuseError, match="v1-baseline answers alone"):
        canary_of(project)


def test_without_evidence_nothing_is_judged():
    project = started()
    lost = replace(project.kit, objects=Without(project.kit.objects))
    with pytest.raises(MisuseError, match="no longer in the store"):
        LiveCanary(lost, Settings(), project.project)


class Without:
    """A store that lost its artifacts."""

    def __init__(self, objects):
        self._objects = objects

    def get(self, key):
        from sluiceway.core.errors import UnknownObjectError

        if key.startswith("artifacts/"):
            raise UnknownObjectError(key)
        return self._objects.get(key)

    def __getattr__(self, name):
        return getattr(self._objects, name)


def test_with_a_pinned_present_hours_of_canary_traffic_are_those_of_its_arrival():
    project = started()
    pinned, log = project.clock.now() - timedelta(days=400), project.log
    project.ask(5 * HALF_A_DAY)
    lines = [encode(replace_at(record, pinned)) + b"\n" for _, chunk in log.read() for record in records_of(chunk)]
    project = replace_log(project, lines)
    seen = canary_of(project, as_of=pinned).look()
    assert round(seen.report.hours) == 60
    assert seen.report.challenger_arm.requests > 0
    hours = next(each for each in seen.standing.verdict.criteria if each.name == "hours of canary traffic")
    assert hours.outcome is Outcome.PASSED


def replace_at(record, moment):
    return msgspec.structs.replace(record, at=microseconds(moment))


def replace_log(project, lines):
    log = MemoryRequests()
    log.append(b"".join(lines))
    return replace(project, kit=replace(project.kit, requests=log))


def test_hours_in_which_nobody_asked_the_canary_do_not_count():
    project = started()
    project.ask(HALF_A_DAY)
    project.clock.moment += timedelta(days=4)
    seen = canary_of(project).look()
    hours = next(each for each in seen.standing.verdict.closed if each.name == "hours of canary traffic")
    assert (hours.outcome, round(hours.measured)) == (Outcome.INCONCLUSIVE, 12)


def test_the_log_is_read_from_the_day_on_which_the_canary_began():
    project = started()
    project.ask(HALF_A_DAY)
    asked_for = []

    def marked(moment):
        asked_for.append(moment)
        return ""

    project = replace(project, kit=replace(project.kit, logged_since=marked))
    canary_of(project).look()
    assert asked_for == [NOW]
