from datetime import UTC, datetime

import pytest
from tests import bundles

from sluiceway.cli.serve import story
from sluiceway.deploy.rollout import Plan, abort, first, promote, rollback, start
from sluiceway.serving import ServedProject

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def project(tmp_path):
    return ServedProject(tmp_path, tmp_path / ".sluiceway")


@pytest.fixture
def begun(project):
    baseline = bundles.shelved(project.objects, bundles.logistic(), "v1-baseline", role="baseline")
    return first("live", baseline, at=NOW, why="no model has passed a live canary yet: the baseline answers")


def told(project, state):
    return "\n".join(story(project, state, "http://127.0.0.1:8000", keyed=False))


def test_before_any_rollout_it_says_that_no_model_has_passed_yet(project, begun):
    said = told(project, begun)
    assert "v1-baseline answers\n" in said
    assert "no model has passed a live canary yet: the baseline answers; sluiceway rollout start" in said


def test_after_a_rollback_or_an_abort_it_says_why_the_baseline_answers(project, begun):
    tried = start(begun, bundles.shelved(project.objects, bundles.flipped(), "v1"), Plan((1.0,), 60.0), at=NOW)
    back = told(project, rollback(promote(tried, at=NOW), at=NOW, why="slow"))
    out = told(project, abort(tried, at=NOW, why="calls from the gates"))
    assert "back from v1 to v1-baseline: slow; sluiceway rollout start" in back
    assert "v1 is out at 100 %: calls from the gates; sluiceway rollout start" in out
    assert "no model has passed" not in back + out


def test_a_champion_that_is_not_there_is_told_instead_of_how_to_ask(project, begun):
    project.objects.put(begun.champion.key, b"damaged")
    said = told(project, begun)
    assert "nobody answers yet: v1-baseline cannot be taken up" in said
    assert "sluiceway run makes" in said
    assert "v1-baseline answers" not in said
