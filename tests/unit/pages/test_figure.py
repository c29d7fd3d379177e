import re
from xml.etree import ElementTree as ET

from sluiceway.pages.figure import COLOURS, Labels, Line, calibration, line_curves

LABELS = Labels("ROC <curve>", "x & y", "rate", "a description")
LINE = Line("model", [0, 0.5, 1], [0, 0.8, 1], dots=True)


def test_the_same_data_draw_the_same_bytes():
    assert line_curves([LINE], LABELS) == line_curves([LINE], LABELS)


def test_a_drawing_takes_its_colours_and_its_font_from_the_page():
    svg = line_curves([LINE, Line("old", [0, 1], [1, 0], colour="then", dashed=True)], LABELS, marks={"here": 0.3})
    assert not [colour for colour in COLOURS.values() if colour in svg]
    assert {"var(--accent)", "var(--then)", "var(--soft)"} <= set(re.findall(r"var\(--\w+\)", svg))
    assert "DejaVu" not in svg


def test_a_drawing_is_one_element_named_for_screen_readers_and_without_a_fixed_size():
    root = ET.fromstring(calibration([LINE], LABELS))
    assert root.get("role") == "img"
    assert (root.get("width"), root.get("height")) == (None, None)
    assert [child.text for child in list(root)[:2]] == ["ROC <curve>", "a description"]


def test_texts_stay_texts():
    svg = line_curves([LINE], LABELS)
    assert ">rate</text>" in svg
    assert ">model</text>" in svg


def test_no_lines_draw_empty_axes():
    assert line_curves([Line("empty", [], [])], LABELS).startswith("<svg")
    assert line_curves([], LABELS).startswith("<svg")
