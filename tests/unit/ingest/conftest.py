"""The folder of a small project, in memory."""

import pytest
from tests.ingested_projects import FLIGHTS, WEATHER

from sluiceway.adapters.obstore_objects import ObstoreObjects


@pytest.fixture
def folder():
    store = ObstoreObjects.memory()
    store.put("data/flights.csv", FLIGHTS)
    for number, data in enumerate(WEATHER):
        store.put(f"data/weather {number} ü.csv", data)
    return store
