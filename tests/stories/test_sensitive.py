"""Values of sensitive columns are used, and seen by nobody: not in reports, not in logs, not on the screen."""

import json
import re
from dataclasses import replace

import pytest
from tests.served_project import Project

SECRET, PERSON = "1234.5671", "O'Hara-Zwölf"
PATIENCE_FOR_ALL_S = 600


@pytest.fixture(scope="module")
def discreet(declared, tmp_path_factory):
    """A shop that tells nobody what anything cost, with one price that would be found anywhere."""
    shop = replace(declared.copied(tmp_path_factory.mktemp("discreet") / "shop"), patience_s=PATIENCE_FOR_ALL_S)
    with (shop.folder / "spec.yaml").open("a") as spec:
        spec.write("sensitive:  [dollar_value, shopper]\n")
    shop.edit(
        "pipeline.py",
        (
            'sw.column("dollar_value").between(0, 2000),',
            'sw.column("dollar_value").between(0, 1000, on_failure="warn"), '
            'sw.column("shopper").matches("[a-z]+", on_failure="warn"), '
            'sw.sql_check("SELECT purchase_id, to_json(purchases) AS whole FROM purchases WHERE dollar_value > 1000", '
            'on_failure="warn"), '
            'sw.sql_check("SELECT max(dollar_value) FROM purchases", between=(0, 1), on_failure="warn"),',
        ),
    )
    path = shop.folder / "data" / "purchases.csv"
    head, *lines = path.read_text().splitlines()
    lines[99] = lines[99].rsplit(",", 1)[0] + f",{SECRET}"
    path.write_text("\n".join([f"{head},shopper", *(f"{line},{PERSON} {at}" for at, line in enumerate(lines))]) + "\n")
    shop("run")
    return shop


def written(shop):
    """Everything that a person or a log reader may open: reports, pages, verdicts, the request logs, the tracker."""
    state = shop.folder / ".sluiceway"
    kinds = ("*.html", "*.json", "*.jsonl", "*.md", "*.log", "*.db")
    data = state / "tables"
    return [path for kind in kinds for path in state.rglob(kind) if data not in path.parents and path.is_file()]


@pytest.fixture(scope="module")
def asked(discreet):
    """Requests that were answered, and one that was refused, with a value that would be found in the log."""
    served = Project(discreet.folder)
    question = {"customer_id": 4, "purchased_at": "1998-06-30T10:00:00Z", "number_of_cds": 2}
    with served.serving() as server:
        assert server.ask(question | {"dollar_value": float(SECRET)}).status == 200
        assert server.ask(question | {"dollar_value": PERSON}).status == 422
    return [
        json.loads(line) for path in served.state.glob("requests/*.jsonl") for line in path.read_text().splitlines()
    ]


@pytest.mark.usefixtures("asked")
def test_the_values_are_nowhere_but_in_the_data(discreet):
    files = written(discreet)
    assert any("tracking" in path.parts for path in files)
    assert any("requests" in path.parts for path in files)
    said = [discreet(*words).out for words in (("validate", "report"), ("status", "--all"), ("data", "show"))]
    for secret in (SECRET, PERSON.split("'")[1]):
        assert not [path for path in files if secret.encode() in path.read_bytes()]
        assert not [text for text in said if secret in text]


def test_the_report_shows_that_the_rows_broke_the_rules_and_not_how(discreet):
    broken = {each["rule"]: each for each in discreet("validate", "report", "--json").json["broken"]}
    price = broken["dollar_value between 0 and 1000 (warns)"]
    assert price["broken"] == 1
    assert price["examples"][0]["dollar_value"] == "•••"
    assert price["examples"][0]["purchase_id"].count("-") == 2
    whole = next(each for name, each in broken.items() if "to_json" in name)
    assert whole["examples"][0] == {"purchase_id": "•••", "whole": "•••"}
    checks = {each["name"]: each for each in discreet.gates()["validate"]["criteria"]}
    number = next(each for name, each in checks.items() if "max(dollar_value)" in name)
    assert (number["measured"], number["verdict"]) == (0.0, "warned")


def test_the_request_log_leaves_out_inputs_and_features_that_come_of_it(discreet, asked):
    features = {each["feature"] for each in discreet("features", "list", "--json").json["features"]}
    hidden = {name for name in features if "dollar_value" in name} | {"dollar_value", "price"}
    assert len(hidden) > 4
    answered, refused = asked
    assert not hidden & {*answered["inputs"], *answered["features"]}
    assert {"customer_id", "number_of_cds"} <= {*answered["inputs"]}
    assert answered["probability"] is not None
    assert refused["error"].startswith("the request was refused")
    gates = discreet.gates()
    checks = [each for gate in ("deploy", "observe") for each in gates[gate]["criteria"]]
    skew = [each for each in checks if "computed offline" in each["name"]]
    assert len(skew) == 2
    for each in skew:
        assert re.search(r"dollar_value\w* was not logged, so it was not compared", each["detail"])


def test_features_and_the_example_request_are_masked_on_the_screen(discreet):
    shown = discreet("features", "get", "customer_id=4", "--json").json["features"]
    values = {value for name, value in shown.items() if "dollar_value" in name}
    assert values
    assert values <= {"•••", None}
    assert '"dollar_value":null' in discreet("run").out


def test_suggestions_write_no_value_down(discreet):
    text = discreet("validate", "suggest", "purchases").out
    assert 'sw.column("number_of_cds").' in text
    lines = [line for line in text.splitlines() if "dollar_value" in line or "shopper" in line]
    assert len(lines) > 2
    assert not [line for line in lines if any(sign in line.partition("#")[0] for sign in (".between", ".one_of"))]


def test_an_error_about_the_data_quotes_none_of_it(discreet, tmp_path):
    shop = discreet.copied(tmp_path / "shop")
    path = shop.folder / "data" / "purchases.csv"
    path.write_text(path.read_text() + f"{PERSON},1,2\n")
    said = shop("run", code=2).err
    assert "purchases.csv" in said
    assert "Zwölf" not in said
