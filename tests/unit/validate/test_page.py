from dataclasses import replace
from datetime import timedelta

import pytest

from sluiceway.core.verdict import NO_OVERRIDES, Override, Overrides
from sluiceway.validate.gate import gate
from sluiceway.validate.page import write_page


@pytest.fixture
def report(world):
    return world.run(world.frames(1), world.frames(2), as_of=world.now)


def judged(world, report, overrides=NO_OVERRIDES, **limits):
    return gate(report, world.promise(**limits), overrides, world.now)


def page(world, report, verdict):
    key = write_page(report, verdict, world.promise(), objects=world.objects)
    return key, world.objects.get(key).decode()


def test_the_page_shows_the_report_its_histograms_and_the_verdict(world, report):
    key, text = page(world, report, judged(world, report))
    assert key.startswith(f"reports/validation-{report.content_id[:12]}-")
    assert "<!doctype html>" in text
    assert "<title>schedule.distance</title>" in text
    assert 'class="badge passed"' in text
    assert "What holds the gate shut" not in text


def test_a_changed_limit_makes_another_page_that_agrees_with_the_gate(world, report):
    strict = judged(world, report, strict_drift=True, drift_p_value=1.0)
    before, after = page(world, report, judged(world, report)), page(world, report, strict)
    assert before[0] != after[0]
    assert "What holds the gate shut" in after[1]
    assert page(world, report, judged(world, report)) == before


def test_an_override_makes_another_page_that_says_who_and_until_when(world, report):
    broken = replace(report, rules=(replace(report.rules[0], measured=0.5), *report.rules[1:]))
    [check] = judged(world, broken).closed
    leave = Override(check.check, broken.dataset, "ana", "agreed", world.now + timedelta(days=7))
    key, text = page(world, broken, judged(world, broken, Overrides((leave,))))
    assert key != page(world, broken, judged(world, broken))[0]
    assert "What an override lets pass" in text
    assert "overridden by ana: agreed, until 2013-05-05 00:00 UTC" in text


def test_a_page_that_is_there_is_not_drawn_again(world, report):
    verdict = judged(world, report)
    key, _ = page(world, report, verdict)
    world.objects.put(key, b"as it was")
    assert page(world, report, verdict) == (key, "as it was")
