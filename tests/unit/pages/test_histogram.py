import re
from xml.etree import ElementTree as ET

from sluiceway.pages.histogram import Histogram, histogram_svg


def heights(svg):
    return [float(found) for found in re.findall(r"v-([\d.]+)h", svg)]


def test_bars_are_as_high_as_their_shares():
    assert heights(histogram_svg(Histogram("x", ("a", "b"), (10, 40)))) == [16.0, 64.0]


def test_both_sides_share_one_scale_whatever_their_rows():
    svg = histogram_svg(Histogram("x", ("a", "b"), (50, 50), (1000, 0)))
    assert heights(svg) == [32.0, 32.0]
    assert "V4.0h" in svg


def test_names_are_escaped_and_the_drawing_is_well_formed():
    svg = histogram_svg(Histogram("<b>&", ("<i>", "x" * 60), (1, 0), (0, 0)))
    root = ET.fromstring(svg)
    assert root[0].text == "<b>&"
    assert "x" * 19 + "…" in svg


def test_nothing_to_draw_draws_an_empty_axis():
    assert heights(histogram_svg(Histogram("x", (), ()))) == []
