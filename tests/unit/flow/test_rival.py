import pytest
from tests import bundles
from tests.live_projects import NOW, a_live_project

from sluiceway.deploy.rollout import first
from sluiceway.flow.live_rollout import make, take_over
from sluiceway.flow.recall import recalled_candidate
from sluiceway.flow.rival import rival_id, rivals
from sluiceway.ledger.rolling import Transition

FEWER = bundles.other_contract(inputs=tuple(each for each in bundles.CONTRACT.inputs if each.name != "seats"))
OTHER = bundles.logistic(slope=0.004, intercept=-3.9)


@pytest.fixture
def project():
    return a_live_project(days=1, a_day=10)


def candidate(project, version, **bundle):
    return recalled_candidate(project.register(version, OTHER, **bundle), project.kit)


def champion(project):
    """Let the baseline of another version answer live."""
    beside = rivals(candidate(project, 7), project.kit).champion
    return make(project.kit, Transition("first", first("live", beside, at=NOW))).champion


def test_with_no_champion_yet_a_candidate_stands_up_to_its_own_baseline(project):
    made = candidate(project, 2)
    assert rival_id(made, project.kit) == made.baseline.content_id
    sides = rivals(made, project.kit)
    assert (sides.champion.version, sides.challenger.version, sides.beside) == ("v2-baseline", "v2", "")


def test_a_candidate_stands_up_to_the_live_champion(project):
    live = champion(project)
    made = candidate(project, 8)
    assert rival_id(made, project.kit) == live.bundle
    assert rivals(made, project.kit).champion == live


def test_a_live_champion_that_takes_other_requests_is_no_rival_and_it_is_said_so(project):
    champion(project)
    made = candidate(project, 8, contract=FEWER)
    assert rival_id(made, project.kit) == made.baseline.content_id
    sides = rivals(made, project.kit)
    assert sides.champion.version == "v8-baseline"
    assert "v7-baseline, which answers live, takes other requests (they differ in seats)" in sides.beside


def test_who_replaced_another_is_still_compared_with_its_own_baseline(project):
    champion(project)
    made = candidate(project, 8, contract=FEWER)
    before = rival_id(made, project.kit)
    take_over(project.kit, version=8, reason="callers count no seats", author="ada")
    assert rival_id(made, project.kit) == before


def test_a_champion_that_cannot_be_read_stays_the_rival(project):
    live = champion(project)
    project.kit.objects.put(live.key, b"damaged")
    assert rival_id(candidate(project, 8), project.kit) == live.bundle
