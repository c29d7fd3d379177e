import re
from xml.etree import ElementTree as ET

from sluiceway.pages.daily_chart import BASE, TOP, WIDTH, Days, daily_svg

DAYS = Days(("2013-10-01", "2013-10-02", "2013-10-20"), (5.0, 10.0, 8.0), "accent")


def drawn(*series, promised=10.0, change=""):
    return daily_svg(series or (DAYS,), name="Cost <a day>", promised=promised, change=change)


def test_values_stand_at_their_height_and_days_at_their_place():
    svg = drawn(promised=8.0)
    path = re.search(r'd="(M[^"]*)" fill="none"', svg)[1]
    points = [tuple(map(float, pair.split())) for pair in re.split("[ML]", path)[1:]]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert points[-1][0] <= WIDTH
    assert points[1][1] == TOP
    assert points[0][1] == (TOP + BASE) / 2


def test_a_line_breaks_where_days_are_missing():
    path = re.search(r'd="(M[^"]*)" fill="none"', drawn())[1]
    assert [step for step in path if step in "ML"] == ["M", "L", "M"]


def test_the_drawing_is_well_formed_and_says_what_it_is():
    root = ET.fromstring(drawn(change="2013-10-20"))
    assert root[0].text == "Cost <a day>"
    assert "change on 2013-10-20" in root[1].text
    texts = [element.text for element in root if element.tag.endswith("text")]
    assert "since 2013-10-20" in texts
    assert "Oct 2013" in texts
    assert {"0", "2.5", "5", "7.5", "10"} <= set(texts)


def test_without_a_change_none_is_marked():
    assert "since" not in drawn()


def test_both_sides_share_one_scale():
    svg = drawn(DAYS, Days(("2013-10-03",), (40.0,), "then"))
    assert 'stroke="var(--then)"' in svg
    assert ">40<" in svg


def test_without_days_nothing_is_drawn():
    assert drawn(Days((), (), "accent")) == ""


def test_free_days_have_a_scale_too():
    ET.fromstring(daily_svg((Days(("2013-10-01",), (0.0,), "accent"),), name="Cost", promised=0.0))
