"""The flagship on all 336,776 flights of 2013: five gates open, and leaks planted among real columns are refused."""

import pytest

STAGES = ["spec", "ingest", "validate", "features", "train"]
MORE_INPUTS = "scheduled_departure, distance]"
ARRIVAL_IN_THE_SCHEDULE = [
    ("f.distance,\n", "f.distance, f.arr_delay AS hint,\n"),
    ("tailnum, distance, scheduled_departure,", "tailnum, distance, hint, scheduled_departure,"),
]


@pytest.fixture
def altered(flights):
    """Change the flagship's files for one test, and put them back: its state is too large to copy."""
    kept = {path: path.read_bytes() for path in flights.folder.rglob("*") if path.suffix in {".py", ".sql", ".yaml"}}
    yield flights
    for path, content in kept.items():
        path.write_bytes(content)
    flights("run", "--until", "spec")


def test_every_flight_comes_through_five_open_gates(flights):
    gates = flights.gates()
    verdicts = [gates[stage]["verdict"] for stage in STAGES]
    assert verdicts == ["passed", "passed", "no_reference", "passed", "passed"]
    manifest = flights("data", "show", "--json").json
    rows = {table["name"].rpartition("/")[2]: table["rows"] for table in manifest["tables"]}
    assert rows["raw_flights"] == rows["schedule"] == 336_776


def test_the_model_holds_on_september_and_october_which_it_has_never_seen(flights):
    model = flights("models", "show", "--json").json
    assert model["holdout_roc_auc"] >= 0.78
    assert model["holdout_average_precision"] >= 0.40
    assert model["holdout_from"].startswith("2013-09-01")
    assert model["holdout_until"].startswith("2013-10-3")
    assert model["holdout"]["rows"] > 50_000


def test_a_second_run_on_every_flight_is_all_cached_and_judged_again(flights):
    again = flights("run", "--json").json
    assert set(again["cached"]) == set(again["made"]) == {*STAGES, "baseline", "evaluate"}
    assert [gate["number"] for gate in again["gates"]] == [1, 2, 3, 4, 5]


def test_the_arrival_delay_as_an_input_is_stopped_by_name(altered, stopped):
    altered.edit("spec.yaml", (MORE_INPUTS, "scheduled_departure, distance, arr_delay]"))
    answer = altered("run", "--json", code=1).json
    assert [gate["number"] for gate in answer["gates"]] == [1]
    assert "input arr_delay at inference" in stopped(answer["gates"][0])


def test_an_input_made_from_the_arrival_delay_is_refused_by_name(altered):
    altered.edit("sql/schedule.sql", *ARRIVAL_IN_THE_SCHEDULE)
    altered.edit("spec.yaml", (MORE_INPUTS, "scheduled_departure, distance, hint]"))
    for command in ("check", "run"):
        said = altered(command, code=2)
        assert "input 'hint' of schedule comes from raw_flights.arr_delay, which decides the label 'late'" in said.err


def test_a_request_feature_of_the_arrival_delay_is_refused_by_name(altered):
    altered.edit("pipeline.py", ("sw.RequestView(\n", 'sw.RequestView(\n    cheat="arr_delay > 30",\n'))
    said = altered("check", code=2)
    assert "request feature 'cheat': arr_delay is not an input that a caller has at inference" in said.err
