import re
from xml.etree import ElementTree as ET

import pytest

from sluiceway.pages.bounds_chart import Span, bounds_svg

GOOD, BAD = Span("v1", 0.9995, 0.9991, 1.0), Span("v2", 0.98, 0.97, 0.99, "stopped")


def dots(svg):
    return [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', svg)]


def limit_of(svg):
    return float(re.search(r'<path d="M([\d.]+) [^"]*" stroke="var\(--stopped\)" stroke-dasharray', svg)[1])


def test_a_value_lies_on_its_side_of_the_limit():
    svg = bounds_svg([GOOD, BAD], name="Success", limit=0.999)
    assert dots(svg)[1] < limit_of(svg) < dots(svg)[0]


def test_tenfold_steps_are_equally_far_apart_where_asked_for():
    spans = [Span(str(value), value, value, value) for value in (0.1, 1.0, 10.0)]
    first, second, third = dots(bounds_svg(spans, name="ms", limit=10.0, logarithmic=True))
    assert third - second == pytest.approx(second - first, abs=0.2)


def test_what_cannot_be_told_is_said():
    svg = bounds_svg([GOOD, Span("v2", None, None, None)], name="Success", limit=0.999)
    assert "too little was seen" in svg
    assert len(dots(svg)) == 1


def test_a_bound_that_is_missing_ends_the_line_at_the_value():
    svg = bounds_svg([Span("p99", 4.0, 3.0, None)], name="ms", limit=50.0)
    assert re.search(rf'H{dots(svg)[0]:.1f}" stroke="var\(--accent\)"', svg)


def test_without_values_there_is_no_chart():
    assert bounds_svg([Span("v1", None, None, None)], name="Success", limit=0.999) == ""
    assert bounds_svg([Span("v1", 0.0, 0.0, 0.0)], name="ms", limit=50.0, logarithmic=True) == ""


def test_values_that_are_all_the_same_can_be_drawn():
    assert len(dots(bounds_svg([Span("v1", 1.0, 1.0, 1.0)], name="Success", limit=1.0))) == 1


def test_names_are_escaped_and_the_drawing_is_xml():
    svg = bounds_svg([Span("<v1>", 1.0, 0.5, 1.0)], name="a & b", limit=0.9)
    ET.fromstring(svg)
    assert "&lt;v1&gt;" in svg


def test_a_long_name_pushes_the_drawing_aside():
    for name in ("v1", "median, v12-baseline"):
        svg = bounds_svg([Span(name, 1.0, 0.5, 1.0)], name="x", limit=0.9)
        (begins,) = re.findall(r'<path d="M([\d.]+) [\d.]+H[^"]*" stroke="var\(--accent\)"', svg)
        assert float(begins) > 6 * len(name)
        assert dots(svg)[0] < 400
