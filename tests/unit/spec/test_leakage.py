"""An input that is made from what decides the label is found, through whatever SQL."""

import pytest
from tests.bound_projects import SPEC, bound, project, refusals

from sluiceway.core.errors import DeclarationError
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source


def test_an_input_made_from_what_decides_the_label_is_refused_by_name(folder):
    sql = "SELECT id, carrier, distance, sched_dep, arr_delay / 60 AS hours_late FROM raw"
    [found] = refusals(
        folder, schedule={"sql": sql}, spec=SPEC.replace("[carrier, distance]", "[carrier, distance, hours_late]")
    )
    assert found.startswith("input 'hours_late' of schedule comes from raw.arr_delay, which decides the label 'late'")


def test_a_leak_is_found_through_several_sources_and_in_any_case(folder):
    middle = Source("middle", sql="WITH m AS (SELECT *, ARR_DELAY + distance AS score FROM raw) SELECT * FROM m")
    made = project(
        extra=[middle],
        schedule={"sql": "SELECT id, carrier, distance, sched_dep, score FROM middle"},
        label={"expression": "DELAY > 30", "at": "sched_dep", "matures": "36h"},
        spec=SPEC.replace("[carrier, distance]", "[carrier, distance, score]"),
    )
    ordered = {name: made.sources[name] for name in ("raw", "airports", "middle", "schedule", "landings")}
    with pytest.raises(DeclarationError, match=r"input 'score' of schedule comes from raw\.arr_delay"):
        bound(Project(made.pipeline, ordered, made.spec_text, "code"), folder)


def test_a_label_that_looks_across_rows_may_share_a_column_with_an_input(folder):
    later = "SELECT id, carrier, landed AS landed_at, lead(arr_delay) OVER (ORDER BY landed) AS delay FROM raw"
    bound(
        project(
            schedule={"sql": "SELECT id, carrier, distance, sched_dep, arr_delay AS last_delay FROM raw"},
            landings={"sql": later},
            spec=SPEC.replace("[carrier, distance]", "[carrier, distance, last_delay]"),
        ),
        folder,
    )


def test_a_leak_is_found_in_a_source_with_sql_over_its_own_file(folder):
    own = {"origin": files("data/flights.csv"), "sql": "SELECT *, arr_delay > 0 AS hint FROM schedule"}
    [found] = refusals(
        folder,
        schedule=own,
        landings={"sql": "SELECT id, carrier, landed AS landed_at, arr_delay AS delay FROM schedule"},
        spec=SPEC.replace("[carrier, distance]", "[carrier, distance, hint]"),
    )
    assert "input 'hint' of schedule comes from schedule.arr_delay" in found
