"""From the spec to a registered model: what each command answers, to people and to scripts."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.stories.conftest import COMMAND, quiet

STAGES = ["spec", "ingest", "validate", "features", "train", "deploy", "observe"]
NODES = {"spec", "ingest", "validate", "features", "baseline", "train", "evaluate", "deploy", "replay", "observe"}
HEAVY = {"polars", "pyarrow", "numpy", "sklearn", "mlflow", "duckdb", "lightgbm", "onnx", "optuna", "scipy", "pandas"}


def test_check_binds_the_declaration_and_runs_nothing(fresh_shop):
    said = fresh_shop("check")
    assert "4 sources, 2 views, 18 features: everything fits" in said.out
    found = fresh_shop("check", "--json").json
    assert found["ok"] is True
    assert ["came_back", "boolean"] in found["sources"]["outcomes"]
    assert not (fresh_shop.folder / ".sluiceway").exists()


def test_status_has_the_promised_shape(finished):
    answer = finished("status", "--json").json
    assert set(answer) == {"gates", "live"}
    assert answer["live"] == []
    assert [(gate["number"], gate["stage"]) for gate in answer["gates"]] == list(enumerate(STAGES, start=1))
    for gate in answer["gates"]:
        assert set(gate) == {"number", "stage", "verdict", "scope", "artifact", "criteria"}
        for criterion in gate["criteria"]:
            assert set(criterion) >= {"name", "measured", "limit", "verdict"}


def test_seven_gates_are_open_two_of_them_in_rehearsal(finished):
    gates = finished.gates()
    verdicts = [gates[stage]["verdict"] for stage in STAGES]
    assert verdicts == ["passed", "passed", "no_reference", "passed", "passed", "passed", "no_reference"]
    (unjudged,) = [each for each in gates["observe"]["criteria"] if each["verdict"] == "no_reference"]
    assert unjudged["name"] == "new rows whose outcome has matured"  # an outcome takes 61 days, and 200 are not due yet
    assert [gates[stage]["scope"] for stage in STAGES] == [*[None] * 5, "rehearsal", "rehearsal"]
    assert all(gates[stage]["criteria"] and gates[stage]["artifact"] for stage in STAGES)
    said = finished("status").out
    assert [said.count(f"{verdict} in rehearsal") for verdict in ("passed", "no_reference")] == [1, 1]


def test_status_before_any_run_is_seven_gates_pending(fresh_shop):
    gates = fresh_shop.gates()
    assert [gate["verdict"] for gate in gates.values()] == ["pending"] * 7


def test_status_for_people_names_every_stage(finished):
    said = finished("status")
    assert all(stage in said.out for stage in STAGES)
    assert "no_reference" in said.out
    assert "single feature" not in said.out
    assert "strongest feature alone" in finished("status", "--all").out


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_a_run_tells_gates_reports_and_what_to_type_next(shop):
    said = shop("run")
    assert [f"gate {number}" in said.err for number in range(1, 8)] == [True] * 7
    for page in ("spec", "validate", "train", "deploy", "observe"):
        line = next(line for line in said.out.splitlines() if line.strip().startswith(page) and line.endswith(".html"))
        assert (shop.folder / line.split()[-1]).is_file()
    assert "sluiceway rollout start" in said.out.split("Next:")[1]
    serve, ask = [line.strip() for line in said.out.split("Ask it:")[1].splitlines() if line.strip()][:2]
    assert ask.startswith("curl -s http://127.0.0.1:8000/predict")
    assert answered(shop, serve, ask)["model_version"] == "v1-baseline"


def answered(shop, serve, ask):
    """Type both lines as they are printed; where port 8000 is somebody else's, with another one in both."""
    if is_taken(8000):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        serve, ask = serve.replace(" serve", f" serve --port {port}", 1), ask.replace(":8000/", f":{port}/")
    environment = quiet() | {"PATH": f"{Path(COMMAND[0]).parent}{os.pathsep}{os.environ['PATH']}"}
    serving = subprocess.Popen(
        ["sh", "-c", f"exec {serve}"], cwd=shop.folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    with serving:
        try:
            assert any("listening on" in line for line in serving.stderr)
            patient = ask.replace("curl -s", "curl -s --retry 20 --retry-all-errors --retry-delay 1", 1)
            done = subprocess.run(
                ["sh", "-c", patient], cwd=shop.folder, env=environment, check=True, capture_output=True, text=True,
                timeout=60,
            )  # fmt: skip
            return json.loads(done.stdout)
        finally:
            serving.terminate()


def is_taken(port):
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return True
    return False


def test_the_model_is_registered_with_its_scores_on_the_holdout(finished):
    model = finished("models", "show", "--json").json
    assert (model["name"], model["version"], model["aliases"]) == ("buys_again", 1, ["candidate"])
    assert 0.7 < model["holdout_roc_auc"] < 1
    assert 0.7 < model["holdout_average_precision"] < 1
    assert model["holdout"]["log_loss"] < model["baseline_holdout"]["log_loss"]
    listed = finished("models", "list", "--json").json["models"]
    assert [(each["name"], each["version"]) for each in listed] == [("buys_again", 1)]
    assert listed[0]["bundle"] == model["bundle"]


def test_the_model_is_shown_to_people_beside_the_baseline(finished):
    shown = finished("models", "show").out
    assert "baseline" in shown
    assert "roc_auc" in shown
    assert "buys_again" in finished("models", "list").out


def test_features_are_listed_and_read(finished):
    listed = finished("features", "list", "--json").json
    names = [feature["feature"] for feature in listed["features"]]
    assert {"history__count_30d", "last_purchase__latest_days_since_last", "basket", "dollar_value"} <= set(names)
    assert "history__count_30d" in finished("features", "list").out
    values = finished("features", "get", "customer_id=4", "--json").json
    assert values["entity"] == {"customer_id": 4}
    assert "history__count_365d" in values["features"]
    assert values["views"]["history"]["as_of"] == values["views"]["history"]["known_through"] == "1998-06-15T00:00:00Z"
    shown = finished("features", "get", "customer_id=4").out
    assert "history__count_365d" in shown
    assert "history: as of 1998-06-15T00:00:00Z, knows all through 1998-06-15T00:00:00Z" in shown


def test_an_entity_that_no_view_knows_is_said_so(finished):
    error = finished("features", "get", "customer_id=99999", "--json", code=2).json["error"]
    assert error["kind"] == "UnknownEntityError"
    assert error["message"].startswith("none of history, last_purchase knows anything of customer_id=99999 as of 1998")
    early = finished("features", "get", "customer_id=4", "--as-of", "1990-01-01", "--json", code=2).json["error"]
    assert "customer_id=4 as of 1990-01-01T00:00:00Z; the first fact about it became known at 199" in early["message"]


def test_an_online_value_is_what_the_file_says(finished):
    lines = (finished.folder / "data" / "purchases.csv").read_text().splitlines()
    year = [line for line in lines if line.split(",")[1] == "00004" and line.split(",")[2] >= "1997-07-01"]
    last = [line for line in lines if line.split(",")[1] == "00004"][-1].split(",")
    values = finished("features", "get", "customer_id=4", "--json").json["features"]
    assert values["history__count_365d"] == len(year)
    assert values["last_purchase__latest_dollar_value"] == pytest.approx(float(last[4]))


def test_a_dataset_version_is_logged_shown_and_verified(finished):
    version = finished("data", "log", "--json").json["versions"][0]
    assert version["files"] == 1
    assert version["version"][:8] in finished("data", "log").out
    data = (finished.folder / "data" / "purchases.csv").read_bytes()
    manifest = finished("data", "show", "--csv").out.splitlines()
    assert manifest[0] == "path,sha256,date"
    assert manifest[1].split(",")[:2] == ["data/purchases.csv", hashlib.sha256(data).hexdigest()]
    assert hashlib.sha256(data).hexdigest() in finished("data", "show", "--json").out
    assert "data/purchases.csv" in finished("data", "show").out
    assert finished("data", "verify", "--json").json["ok"] is True
    assert "✓" in finished("data", "verify").out


def test_a_dataset_version_is_restored_byte_for_byte(finished, tmp_path):
    target = tmp_path / "there"
    found = finished("data", "restore", "--to", str(target), "--json").json
    assert found["files"] == ["data/purchases.csv"]
    assert (target / "data/purchases.csv").read_bytes() == (finished.folder / "data/purchases.csv").read_bytes()
    assert finished("data", "restore", "--to", str(target), "--json").json["files"] == found["files"]
    (target / "notes.txt").write_text("mine")
    said = finished("data", "restore", "--to", str(target), code=2)
    assert "notes.txt" in said.err
    assert (target / "notes.txt").read_text() == "mine"


def test_two_versions_differ_by_what_was_added(shop, purchases):
    before = shop("data", "log", "--json").json["versions"][0]["version"]
    with (shop.folder / "data" / "purchases.csv").open("a") as table:
        table.writelines(purchases[8_001:8_011])
    shop("run", "--until", "ingest")
    found = shop("data", "diff", before, "--json").json
    assert found["changed"] == ["data/purchases.csv"]
    raw = next(table for table in found["tables"] if table["name"].endswith("raw_purchases"))
    assert (raw["rows_before"], raw["rows_after"]) == (8_000, 8_010)
    assert "8,000 -> 8,010 rows" in shop("data", "diff", before).out


def test_the_validation_report_is_told_check_by_check(finished):
    found = finished("validate", "report", "--json").json
    assert (found["number"], found["verdict"]) == (3, "no_reference")
    assert (finished.folder / found["report"]).is_file()
    assert "number_of_cds between 1 and 100" in finished("validate", "report").out


def test_the_ledger_is_told_and_verified(finished):
    audit = finished("ledger", "verify", "--json").json
    assert audit["broken_at"] is None
    assert "✓" in finished("ledger", "verify", "--head", audit["head"][:12]).out
    assert "declared" in finished("ledger", "log", "--last", "1000").out
    kinds = {entry["kind"] for entry in finished("ledger", "log", "--last", "1000", "--json").json["entries"]}
    assert kinds >= {"declared", "made", "verdict", "published", "run", "rollout", "alert", "retrain"}
    assert "gate 5 train: passed" in finished("ledger", "log", "--last", "1000").out


def test_a_head_that_was_never_in_the_chain_is_missed(finished):
    assert "cut off" in finished("ledger", "verify", "--head", "f" * 12, code=1).out


def test_a_second_run_makes_nothing_again_and_judges_everything_again(shop, made):
    before = shop.entries("made")
    again = shop("run", "--json").json
    assert set(again["cached"]) == NODES
    assert again["made"] == made
    assert [gate["number"] for gate in again["gates"]] == [1, 2, 3, 4, 5, 6, 7]
    assert shop.entries("made") == before
    assert shop.registrations() == 1


def test_an_unchanged_run_loads_nothing_heavy(shop):
    code = "import sys; from sluiceway.__main__ import run; code = run(['run', '--json']);"
    code += f"sys.stderr.write('LOADED ' + ' '.join({HEAVY!r} & set(sys.modules))); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", code], cwd=shop.folder, check=True, capture_output=True, text=True)
    assert done.stderr.endswith("LOADED "), done.stderr
    assert '"cached"' in done.stdout


def test_a_project_is_named_from_elsewhere(finished, tmp_path, made):
    from dataclasses import replace

    elsewhere = replace(finished, folder=tmp_path)
    assert elsewhere("run", "--project", str(finished.folder), "--json").json["made"] == made
    assert f"--project {finished.folder}" in elsewhere("run", "--project", str(finished.folder)).out
