"""The folder of a small project, in memory."""

import pytest
from tests.bound_projects import AIRPORTS, FLIGHTS

from sluiceway.adapters.obstore_objects import ObstoreObjects


@pytest.fixture
def folder():
    store = ObstoreObjects.memory()
    store.put("data/flights.csv", FLIGHTS)
    store.put("data/airports.csv", AIRPORTS)
    return store
