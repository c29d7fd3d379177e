import pytest
from tests import bundles
from tests.unit.server.conftest import BEGAN, Server

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.core.errors import SourceError
from sluiceway.server.features_there import FeaturesThere

RAIN = bundles.replace(bundles.WIND, name="origin_rain", digest="e" * 64)
WET = bundles.other_contract(views=(bundles.WIND, RAIN))


@pytest.fixture
def objects():
    return ObstoreObjects.memory()


def a_store(*views):
    store = MemoryOnline()
    for view in views:
        store.replace(view.digest, [], snapshot="of the dataset")
    return store


def a_state(champion, challenger=None):
    return RolloutState("live", champion, 1, BEGAN, "", challenger, 0.5 if challenger else 0.0)


def test_a_view_that_was_never_written_is_named_with_what_to_do(objects):
    state = a_state(bundles.shelved(objects, bundles.logistic()))
    with pytest.raises(SourceError, match=r"never filled with origin_weather, which v1 reads.*run --until features"):
        FeaturesThere(objects, a_store()).check(state, alone=True)


def test_a_view_of_nobody_is_there_and_so_is_one_that_was_only_written_to(objects):
    state = a_state(bundles.shelved(objects, bundles.logistic()))
    FeaturesThere(objects, a_store(bundles.WIND)).check(state, alone=True)
    written = Server().online
    FeaturesThere(objects, written).check(state, alone=True)


def test_a_model_without_views_needs_no_store(objects):
    alone = bundles.shelved(objects, bundles.logistic(), contract=bundles.other_contract(views=()))
    FeaturesThere(objects, a_store()).check(a_state(alone), alone=True)


def test_a_challenger_keeps_no_champion_from_answering_where_nobody_does(objects):
    one = bundles.shelved(objects, bundles.logistic())
    two = bundles.shelved(objects, bundles.flipped(), "v2", contract=WET)
    there = FeaturesThere(objects, a_store(bundles.WIND))
    there.check(a_state(one, two), alone=True)
    with pytest.raises(SourceError, match=r"never filled with origin_rain, which v2 reads"):
        there.check(a_state(one, two), alone=False)
