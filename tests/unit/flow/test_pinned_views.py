"""A view that only models read any more is still watched: served stale, it is told of by the limit it was kept with."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests import bundles
from tests.unit.flow.test_live_health import LAST_WEEK, PIPELINE, WIND, Scene, kinds

import sluiceway as sw
from sluiceway.flow.kept_definitions import keep_definition
from sluiceway.flow.pinned_views import columns_of_models
from sluiceway.flow.streamed import Streamed, intake_of
from sluiceway.plans.served_view import served

WITHOUT = replace(PIPELINE, views=[])
COLUMNS = [SimpleNamespace(name=name, type="text") for name in ("flight_id", "gate", "gusts", "origin", "wind")]
COLUMNS.append(SimpleNamespace(name="lands", type="time"))


@pytest.fixture
def scene():
    """The weather was read at its last writing all week, by a model that learnt from the view as it was."""
    scene = Scene(contract=replace(bundles.CONTRACT, views=(served(WIND),)), views={WIND.name: WIND.digest})
    scene.ask(scene.flights[:600], arrived=LAST_WEEK, known=LAST_WEEK)
    return scene


def test_a_view_that_is_declared_no_more_is_told_of_when_it_is_served_stale(scene):
    keep_definition(WIND, scene.kit.objects)
    (found,) = scene.look(pipeline=WITHOUT).found
    assert kinds(found.report) == {("staleness", "origin_weather")}
    (view,) = found.report.windows[0].views
    assert (view.view, view.within_s, view.stale) == ("origin_weather", 7200.0, pytest.approx(0.8, abs=0.01))
    assert len(scene.alerter.sent) == 1


def test_what_it_reads_is_asked_of_events_as_well(scene):
    assert columns_of_models(scene.kit) == {}
    keep_definition(WIND, scene.kit.objects)
    assert columns_of_models(scene.kit) == {WIND.source.name: {"origin", "wind"}}
    dataset = SimpleNamespace(table=lambda _: SimpleNamespace(columns=COLUMNS))
    streamed = Streamed(sw.topic("landings"), "lands", "lands", ("gusts",), ())
    (intake,) = intake_of({WIND.source.name: streamed}, dataset, scene.kit).sources
    assert intake.asked == ("gusts", "origin", "wind", "lands")


def test_one_whose_definition_was_not_kept_has_no_limit(scene):
    (found,) = scene.look(pipeline=WITHOUT).found
    assert kinds(found.report) == set()
    assert [(view.within_s, view.stale) for view in found.report.windows[0].views] == [(None, None)]
