"""A declaration that does not fit its data is refused before anything runs, by name and all at once."""

import pytest
from tests.bound_projects import CLASH_SQL, FLIGHTS, LANDINGS_SQL, NO_CARRIER, SPEC, bound, project, refusals

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.artifacts.table_ref import Column
from sluiceway.declare.column_rules import column
from sluiceway.declare.feature_builders import latest, maximum, mean
from sluiceway.declare.files import files
from sluiceway.declare.source import Source
from sluiceway.declare.stream import topic
from sluiceway.declare.table_rules import fresh, reference, row, unique
from sluiceway.spec.run import run


def test_a_fitting_declaration_tells_the_columns_of_every_source(folder):
    columns = bound(project(), folder).columns
    assert list(columns) == ["raw", "airports", "schedule", "landings"]
    assert columns["landings"] == (
        Column("id", "integer"),
        Column("carrier", "text"),
        Column("landed_at", "time"),
        Column("delay", "integer"),
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"raw": {"origin": files("data/flihgts.csv")}},
            "'data/flihgts.csv'; did you mean 'data/flights.csv'?",
        ),
        ({"raw": {"origin": files("other/*.csv")}}, "no file matches 'other/*.csv'; put the file there"),
        (
            {"schedule": {"sql": "SELECT * FROM rwa"}},
            "its SQL reads 'rwa': no source is called 'rwa'. Did you",
        ),
        ({"schedule": {"sql": "SELECT FROM WHERE"}}, "source 'schedule'"),
        ({"schedule": {"sql": "DROP TABLE raw"}}, "SQL must be one SELECT statement"),
        ({"schedule": {"sql": "SELECT carier FROM raw"}}, '"carier" not found'),
        ({"schedule": {"sql": "SELECT * FROM schedule"}}, "reads the source itself, which has no files"),
        ({"schedule": {"sql": "SELECT * FROM landings"}}, "'landings', which reads it in turn"),
        (
            {"schedule": {"sql": CLASH_SQL}},
            "which is kept for the row's own times",
        ),
        ({"schedule": {"event_time": "sched"}}, "source 'schedule', event_time: "),
        ({"schedule": {"event_time": "distance"}}, "'distance' is integer, it must be time"),
        (
            {"schedule": {"event_time": "at_zone(sched_dep, 'America/New_York')"}},
            "is local, it must be time; leave at_zone out, times are UTC",
        ),
        ({"schedule": {"known_time": "sched_arr"}}, "source 'schedule', known_time: "),
        ({"airports": {"key": "iata"}}, "source 'airports', key: no column is called 'iata'"),
        (
            {"airports": {"expectations": [column("lon").not_null()]}},
            "'lon is not missing': no column is called 'lon'",
        ),
        (
            {"airports": {"expectations": [column("faa").between(0, 1)]}},
            "'faa' is text, it must be integer or number",
        ),
        ({"airports": {"expectations": [column("lat").matches("x")]}}, "column 'lat' is number, it must be text"),
        (
            {"airports": {"expectations": [column("faa").one_of(1)]}},
            "'faa' is text, so that 1 is none of its values",
        ),
        ({"airports": {"expectations": [column("lat").one_of(True)]}}, "so that True is none of its values"),
        ({"airports": {"expectations": [row("lat + 1")]}}, "'lat + 1' is number, it must be boolean"),
        ({"airports": {"expectations": [row("lat > faa")]}}, "expectation 'row: lat > faa': "),
        ({"airports": {"expectations": [fresh(within="2d")]}}, "the source has no event_time"),
        (
            {"schedule": {"expectations": [reference("distance", Source("airports", files("x.csv"), key="faa"))]}},
            "distance is integer, airports.faa is text",
        ),
        ({"label": {"expression": "delay + 1"}}, "label 'late': 'delay + 1' is integer, it must be boolean"),
        ({"label": {"expression": "arr_dealy > 30"}}, "label 'late': "),
        (
            {"label": {"at": "carrier"}},
            "sql=\"SELECT * REPLACE (strptime(carrier, '%d/%m/%Y %H:%M') AS carrier) FROM",
        ),
        ({"label": {"at": "distance"}}, "label 'late', at: 'distance' is integer, it must be time"),
        (
            {"view": {"entity": "landed_at"}},
            "view 'delays' is of 'landed_at', which the rows of schedule do not have, and those are what label",
        ),
        ({"view": {"entity": "distance"}}, "view 'delays', entity in landings: no column is called 'distance'"),
        (
            {"view": {"features": [mean("dealy", over="1h")]}},
            "'mean_dealy_1h': no column is called 'dealy'. Did",
        ),
        (
            {"view": {"features": [maximum("carrier", over="1h")]}},
            "'carrier' is text, it must be integer or",
        ),
        ({"view": {"features": [latest("landed_at")]}}, "column 'landed_at' is time, it must be"),
        ({"request": {"far": "sched_dep"}}, "sched_dep is not an input that a caller has at inference"),
        ({"request": {"carrier": "distance"}}, "request feature 'carrier' has the name of an input"),
        ({"request": {"x": "carrier + 1"}}, "request feature 'x': "),
        (
            {"spec": SPEC.replace("label: late", "label: delayed")},
            "spec.yaml:2: target.label is 'delayed', but",
        ),
        ({"spec": SPEC.replace("positive: 1", "positive: yes sir")}, "spec.yaml:2: target.positive is 'yes sir'"),
        (
            {"spec": SPEC.replace("slices: [carrier]", "slices: [carier]")},
            "spec.yaml:7: acceptance.slices: no model",
        ),
        (
            {"spec": SPEC + "rollout: {by: [carier]}\n"},
            "spec.yaml:8: rollout.by: no request column is called 'carier'. Did you mean 'carrier'?",
        ),
        (
            {"spec": SPEC + "observe: {seasonal: [distanse]}\n"},
            "spec.yaml:8: observe.seasonal: no column or view is called 'distanse'. Did you mean 'distance'?",
        ),
        (
            {"spec": NO_CARRIER},
            "is looked up by 'carrier'",
        ),
        (
            {"airports": {"expectations": [column("lat").between("a", None)]}},
            "'lat' is number, it must be text or time",
        ),
        (
            {"schedule": {"expectations": [column("sched_dep").between("soon", None)]}},
            "'soon' is no time; write it like 2013-11-01",
        ),
        (
            {"schedule": {"expectations": [column("carrier").contains("(")]}},
            "'(' is no regular expression (the syntax of Rust's regex)",
        ),
        (
            {"landings": {"stream": topic("landings", key="carier")}},
            "source 'landings', topic 'landings', key: no column is called 'carier'. Did you mean 'carrier'?",
        ),
        (
            {"schedule": {"expectations": [unique("carrier", "dst")]}},
            "no column is called 'dst'. Did you mean 'dest'?",
        ),
        (
            {"schedule": {"expectations": [column("carrier").none_of(1)]}},
            "column 'carrier' is text, so that 1 is none of its values",
        ),
    ],
)
def test_one_misfit_is_one_problem_by_name(folder, changes, words):
    found = refusals(folder, **changes)
    assert len(found) == 1, found
    assert words in found[0]


def test_an_entity_of_different_types_is_refused(folder):
    [found] = refusals(folder, landings={"sql": LANDINGS_SQL.replace("r.carrier", "length(r.carrier) AS carrier")})
    assert "entity 'carrier' is integer in landings and text in schedule; it must be the same in both" in found


def test_a_key_of_different_types_is_refused(folder):
    [found] = refusals(folder, landings={"sql": LANDINGS_SQL.replace("r.id", "r.id::VARCHAR AS id")})
    assert "label 'late': key 'id' is text in landings and integer in schedule" in found


def test_all_misfits_are_told_at_once(folder):
    found = refusals(
        folder,
        airports={"key": "iata"},
        label={"at": "distance"},
        view={"features": [mean("dealy", over="1h")]},
        request={"far": "arr_delay > 1"},
        spec=SPEC.replace("label: late", "label: delayed"),
    )
    assert len(found) == 5


def test_a_broken_source_is_told_once_though_others_read_it(folder):
    found = refusals(folder, raw={"origin": files("data/none.csv")})
    assert len(found) == 1
    assert "source 'raw'" in found[0]


def test_a_broken_file_is_told_with_its_row(folder):
    folder.put("data/airports.csv", b"faa,lat\nMIA,25.8\nSFO\n")
    [found] = refusals(folder)
    assert "data/airports.csv: CSV parse error: Row #3: Expected 2 columns, got 1" in found


def test_a_request_feature_over_what_is_known_only_after_landing_is_refused_by_name(folder):
    [found] = refusals(folder, request={"lateness": "arr_delay * 2"})
    assert found.startswith("tests/bound_projects.py:")
    assert "request feature 'lateness': arr_delay is not an input that a caller has at inference" in found


def test_an_input_known_only_after_landing_is_not_available_and_says_from_where(folder):
    made = project(spec=SPEC.replace("[carrier, distance]", "[carrier, distance, delay, dest_lat, arr_delay]"))
    promise = run(made, files=folder, engine=DuckdbEngine())
    found = {entry.name: entry for entry in promise.inputs}
    assert [name for name, entry in found.items() if entry.available] == ["carrier", "distance"]
    assert found["delay"].reason.startswith("known only from landings, after the event")
    assert found["arr_delay"].reason.startswith("schedule lacks it; raw has it")
    assert found["dest_lat"].reason.startswith("schedule: no column is called 'dest_lat'")
    assert found["carrier"].type == "text"


def test_the_same_project_makes_the_same_promise(folder):
    first, again = (run(project(), files=folder, engine=DuckdbEngine()) for _ in range(2))
    assert first == again
    assert first.spec.problem.statement == "Late?"


def test_a_column_without_any_value_is_told_as_such_and_can_be_declared(folder):
    text = FLIGHTS.replace(b",5\n", b",\n").replace(b",NA\n", b",\n")
    folder.put("data/flights.csv", text)
    sql = LANDINGS_SQL.partition("WHERE")[0]
    said = refusals(folder, landings={"sql": sql})
    assert any("column 'arr_delay' has no value in any row" in each for each in said)
    declared = {"origin": files("data/flights.csv", kinds={"arr_delay": "integer"})}
    assert Column("delay", "integer") in bound(project(landings={"sql": sql}, raw=declared), folder).columns["landings"]


def test_a_kind_of_a_column_that_is_not_there_is_refused_with_the_likely_one(folder):
    raw = {"origin": files("data/flights.csv", kinds={"carier": "text"})}
    assert any("no column is called 'carier'. Did you mean 'carrier'?" in each for each in refusals(folder, raw=raw))
