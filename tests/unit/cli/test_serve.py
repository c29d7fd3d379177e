from datetime import UTC, datetime
from pathlib import Path

from tests import bundles

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.cli.serve import story
from sluiceway.deploy.rollout import Plan, abort, first, promote, rollback, start
from sluiceway.serving import ServedProject

NOW = datetime(2026, 1, 2, tzinfo=UTC)
OBJECTS = ObstoreObjects.memory()
BASELINE = bundles.shelved(OBJECTS, bundles.logistic(), "v1-baseline", role="baseline")
MODEL = bundles.shelved(OBJECTS, bundles.flipped(), "v1")
FIRST = first("live", BASELINE, at=NOW, why="no model has passed a live canary yet: the baseline answers")


def told(state, tmp_path: Path):
    project = ServedProject(tmp_path, tmp_path / ".sluiceway")
    bundles.shelved(project.objects, bundles.logistic(), "v1-baseline", role="baseline")
    return "\n".join(story(project, state, "http://127.0.0.1:8000", keyed=False))


def test_before_any_rollout_it_says_that_no_model_has_passed_yet(tmp_path):
    assert "no model has passed a live canary yet: the baseline answers; sluiceway rollout start" in told(
        FIRST, tmp_path
    )


def test_after_a_rollback_or_an_abort_it_says_why_the_baseline_answers(tmp_path):
    tried = start(FIRST, MODEL, Plan((1.0,), 60.0), at=NOW)
    back = rollback(promote(tried, at=NOW), at=NOW, why="slow")
    out = abort(tried, at=NOW, why="calls from the gates")
    assert "back from v1 to v1-baseline: slow; sluiceway rollout start" in told(back, tmp_path)
    assert "v1 is out at 100 %: calls from the gates; sluiceway rollout start" in told(out, tmp_path)
    assert "no model has passed" not in told(back, tmp_path) + told(out, tmp_path)
