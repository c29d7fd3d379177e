"""Values of sensitive columns are used, and seen by nobody: not in reports, not in logs, not on the screen."""

import json
from dataclasses import replace

import pytest

SECRET = "1234.5671"
PATIENCE_FOR_ALL_S = 600


@pytest.fixture(scope="module")
def discreet(declared, tmp_path_factory):
    """A shop that tells nobody what anything cost, with one price that would be found anywhere."""
    shop = replace(declared.copied(tmp_path_factory.mktemp("discreet") / "shop"), patience_s=PATIENCE_FOR_ALL_S)
    with (shop.folder / "spec.yaml").open("a") as spec:
        spec.write("sensitive:  [dollar_value]\n")
    shop.edit(
        "pipeline.py",
        (
            'sw.column("dollar_value").between(0, 2000),',
            'sw.column("dollar_value").between(0, 1000, on_failure="warn"),',
        ),
    )
    path = shop.folder / "data" / "purchases.csv"
    lines = path.read_text().splitlines(keepends=True)
    lines[100] = lines[100].rsplit(",", 1)[0] + f",{SECRET}\n"
    path.write_text("".join(lines))
    shop("run")
    return shop


def written(shop):
    """Everything that a person or a log reader may open: reports, pages, verdicts, the request logs."""
    state = shop.folder / ".sluiceway"
    kinds = ("*.html", "*.json", "*.jsonl", "*.md", "*.log", "*.db")
    return [path for kind in kinds for path in state.rglob(kind) if "tracking" not in path.parts and path.is_file()]


def test_the_value_is_nowhere_but_in_the_data(discreet):
    found = [path for path in written(discreet) if SECRET.encode() in path.read_bytes()]
    assert not found
    assert len(written(discreet)) > 10


def test_the_report_shows_that_the_row_broke_the_rule_and_not_how(discreet):
    answer = discreet("validate", "report", "--json").json
    [broken] = [each for each in answer["broken"] if each["rule"] == "dollar_value between 0 and 1000"]
    assert broken["broken"] == 1
    assert broken["examples"][0]["dollar_value"] == "•••"
    assert broken["examples"][0]["purchase_id"]
    assert SECRET not in discreet("validate", "report").out


def test_the_request_log_leaves_out_inputs_and_features_that_come_of_it(discreet):
    features = {each["name"] for each in discreet("features", "list", "--json").json["features"]}
    hidden = {name for name in features if "dollar_value" in name} | {"dollar_value", "price"}
    assert len(hidden) > 4
    logged = [
        json.loads(line)
        for log in written(discreet)
        if "request" in str(log)
        for line in log.read_text().splitlines()
        if line.startswith("{")
    ]
    for record in logged:
        assert not hidden & {*record.get("inputs", {}), *record.get("features", {})}
    gates = discreet.gates()
    skew = [each for gate in ("deploy", "observe") for each in gates[gate]["criteria"] if "skew" in each["name"]]
    assert skew
    assert any("dollar_value was not logged, so it was not compared" in each["detail"] for each in skew)


def test_features_and_the_example_request_are_masked_on_the_screen(discreet):
    customer = next(iter(discreet("validate", "report", "--json").json["broken"][0]["examples"]))
    assert customer
    shown = discreet("features", "get", "customer_id=4", "--json").json["features"]
    assert {value for name, value in shown.items() if "dollar_value" in name} <= {"•••", None}
    assert '"dollar_value":null' in discreet("run").out
    assert "NaN" not in discreet("validate", "suggest", "purchases").out
    assert 'sw.column("dollar_value").between' not in discreet("validate", "suggest", "purchases").out
