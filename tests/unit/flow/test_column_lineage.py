"""Columns are traced from files through SQL to features, inputs and the label, and back."""

import pytest

import sluiceway as sw
from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.adapters.memory_tables import MemoryTables
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.declare.project import Project
from sluiceway.flow.column_lineage import ColumnLineage
from sluiceway.ingest.run import run
from sluiceway.ports.progress import Silence

SPEC = """
problem: {name: late, statement: "Late?", owner: ops}
target: {kind: binary, label: late, positive: 1}
inputs: [carrier, Distance]
costs: {currency: USD, false_negative: 180, false_positive: 30}
metric: {name: f_beta, beta: auto}
sla: {latency_p99_ms: 50, success_rate: 0.999}
"""
RAW = b"id,carrier,planned,delay,distance\n1,AA,2013-01-01T10:00:00Z,5,100\n2,BB,2013-01-01T11:00:00Z,50,200\n"
WEATHER = b"origin,temp_f,seen\nJFK,50,2013-01-01T09:00:00Z\n"


@pytest.fixture(scope="module")
def project():
    raw = sw.Source("raw", sw.files("raw.csv"))
    flights = sw.Source(
        "flights",
        sql="SELECT id, carrier, planned, distance AS Distance FROM raw",
        key="id",
        event_time="planned",
    )
    landings = sw.Source(
        "landings",
        sql="SELECT id, carrier, planned + INTERVAL 1 DAY AS landed, delay, delay / Distance AS ratio FROM raw",
        key="id",
        event_time="landed",
    )
    weather = sw.Source(
        "weather", sw.files("weather.csv"), sql="SELECT origin, (temp_f - 32) / 1.8 AS temp, seen FROM weather",
        event_time="seen",
    )  # fmt: skip
    hidden = sw.Source("hidden", sql="SELECT COLUMNS('i.*') FROM raw")
    view = sw.FeatureView(
        "delays", entity="carrier", source=landings, features=[sw.mean("ratio", over="5m"), sw.count(over="5m")]
    )
    pipeline = sw.Pipeline(
        spec="spec.yaml",
        views=[view, sw.RequestView(far="Distance > 150")],
        label=sw.Label("late", landings, "delay > 30", each=flights, at="planned", matures="1d"),
        model=lambda trial: trial,
    )
    sources = {source.name: source for source in (raw, flights, landings, weather, hidden)}
    return Project(pipeline, sources, SPEC, "")


@pytest.fixture(scope="module")
def version(project):
    folder = ObstoreObjects.memory()
    folder.put("raw.csv", RAW)
    folder.put("weather.csv", WEATHER)
    return run(
        project,
        files=folder,
        objects=ObstoreObjects.memory(),
        tables=MemoryTables(),
        engine=DuckdbEngine(1),
        progress=Silence(),
        scratch=ObstoreObjects.memory(),
    )


@pytest.fixture(scope="module")
def lineage(project, version):
    return ColumnLineage(project, version)


def names(traced):
    return {use.name for use in traced.uses}


def test_a_column_of_a_file_is_followed_to_all_that_is_made_from_it(lineage):
    traced = lineage.of_column("raw", "delay")
    assert traced.raw == ()
    assert traced.columns == (("landings", "delay"), ("landings", "ratio"))
    assert names(traced) == {"delays__mean_ratio_5m", "late"}


def test_a_derived_column_is_followed_both_ways(lineage):
    traced = lineage.of_column("landings", "ratio")
    assert traced.raw == (("raw", "delay"), ("raw", "distance"))
    assert names(traced) == {"delays__mean_ratio_5m"}


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("delays__mean_ratio_5m", {("raw", "delay"), ("raw", "distance")}),
        ("delays__count_5m", set()),
        ("far", {("raw", "distance")}),
        ("Distance", {("raw", "distance")}),
        ("late", {("raw", "delay")}),
    ],
)
def test_what_a_model_is_given_is_traced_back_to_columns_of_files(lineage, name, raw):
    traced = lineage.of_use(name)
    assert set(traced.raw) == raw


def test_a_count_is_made_from_rows_and_from_no_column(lineage):
    [use] = lineage.of_use("delays__count_5m").uses
    assert (use.rows_of, use.made_from) == ("landings", frozenset())


def test_a_source_of_files_with_sql_is_traced_into_its_own_file(lineage, version):
    assert version.facts("weather").file_columns == ("origin", "temp_f", "seen")
    assert lineage.of_column("weather", "temp").raw == (("weather", "temp_f"),)


def test_all_that_a_source_reaches_counts_rows_as_well(lineage):
    traced = lineage.from_source("raw")
    assert names(traced) == {
        "delays__mean_ratio_5m", "delays__count_5m", "far", "carrier", "Distance", "late",
    }  # fmt: skip
    assert ("landings", "ratio") in traced.columns


def test_names_are_found_however_they_are_spelled(lineage):
    assert lineage.of_column("RAW", "Delay") == lineage.of_column("raw", "delay")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda lineage: lineage.of_column("raws", "delay"), "Did you mean 'raw'"),
        (lambda lineage: lineage.of_column("raw", "delays"), "Did you mean 'delay'"),
        (lambda lineage: lineage.of_use("delays__mean_ratio"), "Did you mean 'delays__mean_ratio_5m'"),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest_name(lineage, ask, words):
    with pytest.raises(UnknownNameError, match=words):
        ask(lineage)


def test_sql_that_cannot_be_traced_is_named_and_hides_only_itself(lineage):
    assert list(lineage.untraceable) == ["hidden"]
    assert lineage.of_column("raw", "delay").untraceable == lineage.untraceable


def test_a_source_that_was_not_ingested_yet_is_said(project, version):
    more = Project(project.pipeline, {**project.sources, "new": sw.Source("new", sql="SELECT id FROM raw")}, SPEC, "")
    with pytest.raises(MisuseError, match=r"'new' is declared, but version .* run `sluiceway run"):
        ColumnLineage(more, version)
