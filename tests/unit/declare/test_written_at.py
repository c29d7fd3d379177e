"""What is declared knows the line that declared it, and is the same thing wherever that is."""

from dataclasses import replace
from pathlib import Path

import sluiceway as sw
from sluiceway.declare.written_at import written_here


def line_of(text):
    lines = Path(__file__).read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_each_declaration_knows_its_own_line():
    source = sw.Source("a", sw.files("a.csv"), event_time="at")
    view = sw.FeatureView("v", "x", source, [
        sw.count(over="1h"),
        sw.latest("gate"),
    ])  # fmt: skip
    assert source.written_at.line == line_of('sw.Source("a"')
    assert view.written_at.line == line_of('sw.FeatureView("v"')
    assert [each.written_at.line for each in view.features] == [
        line_of('sw.count(over="1h"),'),
        line_of('sw.latest("gate"),'),
    ]
    assert sw.RequestView(h="1 + 1").written_at.line == line_of('h="1 + 1"')


def test_features_of_sql_are_where_their_view_is():
    source = sw.Source("a", sw.files("a.csv"), event_time="at")
    sql = "SELECT last(gate) AS g FROM a GROUP BY x"
    view = sw.sql_view("s", source=source, sql=sql)
    assert view.features[0].written_at.line == line_of('sw.sql_view("s"')


def test_the_line_decides_nothing():
    one = sw.latest("gate")
    other = sw.latest("gate")
    assert one.written_at != other.written_at
    assert (one, hash(one), one.meaning) == (other, hash(other), other.meaning)
    assert replace(one, unit="m").written_at == one.written_at


def test_files_are_told_as_they_were_imported(tmp_path, monkeypatch):
    (tmp_path / "declared").mkdir()
    (tmp_path / "declared" / "views.py").write_text("\nfrom sluiceway import latest\nONE = latest('gate')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    from declared.views import ONE

    assert str(ONE.written_at) == "declared/views.py, line 3"


def test_at_a_prompt_there_is_no_file():
    found = {}
    exec(compile("place = here()", "<stdin>", "exec"), {"here": written_here, "__name__": "prompt"}, found)
    assert found["place"] is None
