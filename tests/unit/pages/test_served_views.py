from dataclasses import replace

import pytest

from sluiceway.artifacts.health_report import ViewHealth
from sluiceway.pages.served_views import is_ill, served_text, served_views

CALM = ViewHealth("weather", 7200.0, 0.01, 600.0, 0.0, "temp", 0.02, 0.01, 0.5, "fresh", "full")


def plain(view):
    return served_text(view).replace("\u202f", " ").replace("\xa0", " ")


def test_a_view_is_told_by_how_fresh_and_how_full_it_was():
    assert plain(CALM) == "1 % stale, 2 % missing (usual 1 %)"
    assert plain(replace(CALM, freshness="stale", coverage="fell")) == "1 % stale ▲, 2 % missing (usual 1 %) ▲"
    assert plain(replace(CALM, within_s=None, stale=None, freshness="unlimited")) == "2 % missing (usual 1 %)"
    assert plain(replace(CALM, freshness="inconclusive", coverage="inconclusive")) == "stale ?, missing ?"
    assert plain(None) == "?"


@pytest.mark.parametrize(
    ("freshness", "coverage", "ill"), [("fresh", "full", False), ("stale", "full", True), ("fresh", "fell", True)]
)
def test_a_view_is_ill_where_one_of_both_alarms(freshness, coverage, ill):
    assert is_ill(replace(CALM, freshness=freshness, coverage=coverage)) is ill
    assert not is_ill(None)


def test_views_stand_beside_windows_those_that_were_not_there_as_nothing():
    class Window:
        def __init__(self, *views):
            self.views = views

    other = replace(CALM, view="delays")
    assert served_views([Window(CALM), Window(CALM, other)]) == [("weather", [CALM, CALM]), ("delays", [None, other])]
    assert served_views([]) == []
