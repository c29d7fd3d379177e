"""A version says what its sources are made of."""

from tests.ingested_projects import ingested, project

from sluiceway.artifacts.dataset_version import SourceFacts
from sluiceway.declare.files import files
from sluiceway.declare.provenance import Provenance
from sluiceway.declare.source import Source


def test_a_version_says_of_its_sources_their_keys_and_what_their_columns_are_made_from(folder):
    declared = project(
        flights=Source(
            "flights",
            files("data/flights.csv"),
            key="id",
            event_time="at",
            provenance=Provenance(licence="CC0-1.0"),
        )
    )
    version = ingested(folder, made=declared)
    assert version.facts("flights") == SourceFacts("flights", ("id",), (), Provenance(licence="CC0-1.0"))
    assert version.facts("late").reads == ("flights", "weather")
    assert {each.column: each.made_from for each in version.facts("late").lineage} == {
        "id": (("flights", "id"),),
        "temp": (("weather", "temp"),),
    }
    assert version.content_id == ingested(folder).content_id, "what is said of rows is no part of them"


def test_sql_that_cannot_be_traced_is_said_and_does_not_stop_an_ingest(folder):
    version = ingested(folder, made=project(odd=Source("odd", sql="SELECT COLUMNS('i.*') FROM flights")))
    assert "no name of its own" in version.facts("odd").untraceable
    assert version.facts("odd").lineage == ()
