"""The flagship on all 336,776 flights of 2013: seven gates open, December is found, and planted leaks are refused."""

import pytest

STAGES = ["spec", "ingest", "validate", "features", "train", "deploy", "observe"]
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


def test_every_flight_comes_through_seven_open_gates_the_last_two_in_rehearsal(flights):
    gates = flights.gates()
    verdicts = [gates[stage]["verdict"] for stage in STAGES]
    assert verdicts == ["passed", "passed", "no_reference", *["passed"] * 4]
    assert [gates[stage]["scope"] for stage in STAGES] == [None] * 5 + ["rehearsal"] * 2
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
    assert set(again["cached"]) == set(again["made"]) == {*STAGES, "baseline", "evaluate", "replay"}
    assert [gate["number"] for gate in again["gates"]] == [1, 2, 3, 4, 5, 6, 7]


def test_every_logged_feature_is_the_one_that_offline_computes(flights):
    named = {each["name"]: each for each in flights.gates()["deploy"]["criteria"]}
    skew = named["logged features that differ from those computed offline"]
    assert (skew["measured"], skew["verdict"]) == (0, "passed")
    compared = int(skew["detail"].split(" values")[0].replace(",", ""))
    assert compared > 1_500_000
    replayed = flights("features", "skew", "--rehearsal", "--last", "20000", "--json").json
    assert 20_000 <= replayed["sampled"] < 21_000 < replayed["requests"]
    assert (replayed["differing"], replayed["unchecked"]) == (0, {})
    assert replayed["compared"] >= 20 * replayed["sampled"] > 0


def test_december_is_found_with_its_cost_and_the_months_before_are_quiet(flights):
    report = flights("observe", "report", "--json").json
    alarms = {
        window["began"][:7]: [
            (each["kind"], each["subject"]) for each in window["alerts"] if each["severity"] == "alert"
        ]
        for window in report["windows"]
    }
    assert [alarms[month] for month in ("2013-09", "2013-10", "2013-11")] == [[], [], []]
    december = alarms["2013-12"]
    assert ("cost", "cost per row") in december
    assert ("prediction_drift", "probability") in december
    assert ("data_drift", "carrier_departures__mean_dep_delay_24h") in december
    since = [each["since"] for each in report["windows"][-1]["alerts"] if each["kind"] == "cost"]
    assert since[0].startswith("2013-12-0")
    assert report["decision"]["retrain"] is True
    assert "67" in report["headline"]
    assert flights("ledger", "verify", "--json").code == 0


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
