import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from tests.canaries import BEGAN, PROMISE, a_scene

from sluiceway.artifacts.canary_report import Bounded, Look, QualityEvidence, SkewEvidence, TrafficSpan
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.deploy.gate import gate
from sluiceway.deploy.rehearse import Control, rehearse
from sluiceway.pages.canary_page import canary_html


@pytest.fixture(scope="module")
def report():
    """A canary that was promoted."""
    scene = a_scene()
    control = Control(lambda change: None, scene.server.board, scene.server, scene.kept.append)
    made = rehearse(scene.canary, scene.checkpoints(), began=BEGAN, log=scene.server.log, control=control)
    return replace(made, skew=SkewEvidence(9_000, 252_000, {}, ()))


def page(report, **changes):
    changed = replace(report, **changes)
    return canary_html(changed, spec=PROMISE.spec, verdict=gate(changed, PROMISE, NO_OVERRIDES, BEGAN))


def words(html):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_the_page_tells_who_answers_now_and_how_it_came_to_that(report):
    said = words(page(report))
    arm = report.challenger_arm
    wanted = ["v2 answers everything now; v1 is kept to roll back to", "v2 takes over from v1", "promoted"]
    wanted += [f"{step.canary_requests:,}" for step in report.steps]
    wanted += [f"{arm.requests:,}, 0", "252,000 logged values of 9,000 rows", "all are equal", "2013-09-01 00:00 UTC"]
    assert [each for each in wanted if each not in said] == []


def test_a_rehearsal_is_never_a_bare_pass(report):
    badge = re.search(r'</h1><span class="badge passed">([^<]*)<', page(report).replace("\n", ""))
    assert badge[1] == "Passed in rehearsal"
    assert "evidence of the code, not of the SLA" in words(page(report))
    live = page(report, scope="live", traffic=TrafficSpan(report.began, report.ended, 60.0))
    assert "Passed live" in live
    assert "not of the SLA" not in live


@pytest.mark.parametrize(
    ("ended", "said"),
    [("aborted", "v1 answers everything again; v2 is out."), ("running", "v1 answers, and v2 its share.")],
)
def test_other_ends_are_told_as_they_are(report, ended, said):
    assert said in words(page(report, ended_by=ended, reason="why"))


def test_what_failed_is_named(report):
    arm = replace(report.challenger_arm, failures=3, errors=("the model <raised> (3)",))
    assert "the model &lt;raised&gt; (3)" in page(report, challenger_arm=arm)


def test_features_that_differ_are_named_with_examples(report):
    skew = SkewEvidence(9_000, 252_000, {"wind": 3, "rain": 7}, ("r7 rain: 0.5, offline 0.25",))
    said = words(page(report, skew=skew))
    assert "10 differ" in said
    assert said.index("rain") < said.index("wind 3")
    assert "r7 rain: 0.5, offline 0.25" in said


def test_a_canary_of_which_nothing_is_known_has_a_page_too(report):
    nothing = Bounded(None, None, None)
    silent = replace(report.challenger_arm, requests=0, success=nothing, work_ms=nothing, p99_ms=nothing)
    quality = QualityEvidence(0, 0, None, None, None, None, nothing, None)
    said = words(
        page(report, challenger_arm=silent, champion_arm=silent, quality=quality, skew=None, steps=(), looks=())
    )
    assert "No outcome of the canary's requests is known yet" in said
    assert "were not compared" in said


def test_the_confidence_sequence_is_drawn_from_two_looks_on(report):
    bounds = Bounded(0.001, -0.01, 0.012)
    looks = [Look(BEGAN + timedelta(hours=hours), 10, bounds, bounds) for hours in (12, 24)]
    assert "allowed" in page(report, looks=tuple(looks))
    assert "allowed" not in page(report, looks=tuple(looks[:1]))


def test_the_same_canary_writes_the_same_page(report):
    assert page(report) == page(report)
