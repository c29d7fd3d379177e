"""What is measured of rows, and the verdict, depend neither on their order nor on how they are cut into files."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples
from tests.unit.validate.conftest import World

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.verdict import NO_OVERRIDES
from sluiceway.declare.column_rules import column
from sluiceway.declare.feature_builders import latest
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.files import files
from sluiceway.declare.pipeline import Label, Pipeline
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.declare.table_rules import fresh, reference, row, rows, unique
from sluiceway.ingest.run import run as ingest
from sluiceway.ports.progress import Silence
from sluiceway.validate.gate import gate
from sluiceway.validate.run import run as validate

ROWS, TWICE = 300, 12
SEED = st.integers(0, 2**16)


def declared():
    """Three sources, each of many files, and expectations of every kind."""
    airports = Source("airports", files("d/airports-*.csv"), key="faa")
    schedule = Source(
        "schedule",
        files("d/schedule-*.csv"),
        key="flight_id",
        event_time="scheduled_departure",
        known_time="scheduled_departure - interval 1 hour",
        expectations=[
            column("origin").one_of("EWR", "JFK", "LGA"),
            column("distance").between(100, 3000, at_least=0.9),
            column("distance").mean_between(900, 1100),
            column("dest").not_null(),
            row("scheduled_arrival > scheduled_departure"),
            reference("dest", airports, at_least=0.98),
            unique("flight_id", "scheduled_departure"),
            rows(between=(10, 100_000)),
            fresh(within="2d"),
        ],
    )
    landings = Source(
        "landings",
        files("d/landings-*.csv"),
        key="flight_id",
        event_time="landed_at",
        expectations=[column("arr_delay").mean_between(-1, 1)],
    )
    view = FeatureView("last", entity="flight_id", source=landings, features=[latest("arr_delay")])
    label = Label("late", landings, "arr_delay > 30", each=schedule, at="scheduled_departure", matures="36h")
    pipeline = Pipeline("spec.yaml", [view], label, model=lambda trial: None)
    return Project(pipeline, {each.name: each for each in (airports, schedule, landings)}, "", "")


def delivered(world, seed):
    """Rows as their files hold them: some twice, some corrected, some missing."""
    frames = {name: frame.drop(pl.selectors.starts_with("_")) for name, frame in world.frames(seed, ROWS).items()}
    schedule, landings = frames["schedule"], frames["landings"]
    times = schedule.select("flight_id", pl.col("scheduled_arrival").alias("landed_at"))
    landings = landings.join(times, on="flight_id", maintain_order="left")
    moved = schedule.head(TWICE).with_columns(pl.col("distance") + 1, dest=pl.lit(None, pl.String))
    again = landings.head(TWICE).with_columns(arr_delay=pl.lit(99.5), landed_at=pl.col("landed_at").dt.offset_by("1h"))
    frames["schedule"] = pl.concat([schedule, schedule.slice(TWICE, TWICE), moved])
    return {**frames, "landings": pl.concat([landings, again, landings.tail(1)])}


def laid_out(frames, *, seed, cuts):
    folder = ObstoreObjects.memory()
    for name, frame in frames.items():
        shuffled = frame.sample(fraction=1, shuffle=True, seed=seed) if seed is not None else frame
        size = -(-len(shuffled) // cuts)
        for number, part in enumerate(shuffled.iter_slices(size)):
            folder.put(f"d/{name}-{number}.csv", part.write_csv().encode())
    return folder


def measured(world, project, then, now, *, seed, cuts):
    """What a report says of rows in some order and so many files, and how each criterion was judged."""
    versions = [
        ingest(
            project,
            files=laid_out(frames, seed=seed, cuts=cuts),
            objects=world.objects,
            tables=world.tables,
            engine=world.engine,
            progress=Silence(),
            scratch=ObstoreObjects.memory(),
        )
        for frames in (then, now)
    ]
    report = validate(
        versions[1],
        {"": (versions[0],)},
        project=project,
        as_of=world.now,
        tables=world.tables,
        objects=world.objects,
        engine=world.engine,
        progress=Silence(),
    )
    verdict = gate(report, world.promise(), NO_OVERRIDES, world.now)
    criteria = [(each.name, each.measured, each.limit, each.outcome) for each in verdict.criteria]
    return (report.rules, report.freshness, report.drift, report.class_shares), criteria


@pytest.fixture(scope="module")
def whole():
    """The rows in their order, a file for each source."""
    world = World()
    project, then, now = declared(), delivered(world, 1), delivered(world, 2)
    return world, project, then, now, measured(world, project, then, now, seed=None, cuts=1)


@given(seed=SEED, cuts=st.integers(1, 5))
@settings(deadline=None, max_examples=examples(12))
def test_neither_order_nor_files_change_what_is_measured_or_how_it_is_judged(whole, seed, cuts):
    world, project, then, now, expected = whole
    found = measured(world, project, then, now, seed=seed, cuts=cuts)
    assert found[1] == expected[1]
    assert found[0] == expected[0]


def test_the_rows_are_such_that_something_passes_and_something_stops(whole):
    outcomes = {outcome.name for *_, outcome in whole[-1][1]}
    assert {"PASSED", "STOPPED"} <= outcomes
