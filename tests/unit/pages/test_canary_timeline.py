import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from xml.etree import ElementTree as ET

from sluiceway.artifacts.canary_report import CanaryStep
from sluiceway.pages.canary_timeline import HIGH, WIDTH, canary_timeline

BEGAN = datetime(2013, 9, 1, tzinfo=UTC)


def drawn(*shares, ended_by="promoted", hours=24):
    span = timedelta(hours=hours)
    steps = tuple(CanaryStep(s, BEGAN + n * span, BEGAN + (n + 1) * span, 100, 50, 0) for n, s in enumerate(shares))
    return canary_timeline(
        SimpleNamespace(began=BEGAN, ended=BEGAN + len(shares) * span, steps=steps, ended_by=ended_by)
    )


def boxes(svg):
    return [
        tuple(map(float, found))
        for found in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="([\d.]+)"', svg)
    ]


def test_each_step_is_as_wide_as_it_lasted_and_as_high_as_its_share():
    found = boxes(drawn(0.25, 0.5, 1.0))
    assert [box[0] for box in found] == [0.0, WIDTH / 3, 2 * WIDTH / 3]
    assert [box[2] for box in found] == [HIGH / 4, HIGH / 2, HIGH]


def test_the_smallest_share_can_still_be_seen():
    assert boxes(drawn(0.001))[0][2] == 2.0


def test_the_end_has_its_word_and_its_colour():
    assert 'fill="var(--passed)">promoted' in drawn(1.0)
    assert 'fill="var(--stopped)">aborted' in drawn(1.0, ended_by="aborted")
    assert 'fill="var(--soft)">running' in drawn(1.0, ended_by="running")


def test_words_that_do_not_fit_are_left_out():
    many = drawn(*(0.01 * n for n in range(1, 60)))
    assert "requests" not in many


def test_a_canary_that_has_only_begun_is_drawn():
    svg = drawn(0.05, hours=0)
    ET.fromstring(svg)
    assert "2013-09-01 00:00" in svg
