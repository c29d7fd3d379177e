"""Rows that break a rule are set apart, nothing is built on them, and the gate bounds how many there may be."""

import pytest

CHEAP = "raw_purchases: dollar_value between 1 and None"
PLAIN = 'raw_purchases = sw.Source("raw_purchases", sw.files("data/purchases.csv"))'
RULED = (
    'raw_purchases = sw.Source("raw_purchases", sw.files("data/purchases.csv"), key="purchase_id", expectations=['
    'sw.column("dollar_value").between(1, None, at_least=0.99, on_failure="quarantine"), '
    'sw.column("number_of_cds").between(None, 20, on_failure="warn")])'
)


@pytest.fixture
def ruled(fresh_shop):
    fresh_shop.edit("pipeline.py", (PLAIN, RULED))
    return fresh_shop


def cheap(purchases):
    return [line.split(",")[0] for line in purchases[1:8001] if float(line.rsplit(",", 1)[1]) < 1]


def test_what_is_set_apart_is_counted_shown_and_missing_from_everything_built_later(ruled, purchases):
    gone = cheap(purchases)
    assert gone
    answer = ruled("run", "--until", "features", "--json").json
    assert answer["gates"][2]["verdict"] == "warned"
    rules = {each["name"]: each for each in answer["gates"][2]["criteria"]}
    kept = rules["raw_purchases: dollar_value at least 1"]
    assert kept["verdict"] == "passed"
    assert f"{len(gone):,} of 8,000 rows break it" in kept["detail"]
    assert kept["detail"].endswith("they are in quarantine/raw_purchases")
    assert rules["raw_purchases: number_of_cds at most 20 (warns)"]["verdict"] == "warned"
    [counted] = ruled("validate", "quarantine", "--json").json["sources"]
    assert counted == {"source": "raw_purchases", "quarantined": len(gone), "kept": 8000 - len(gone)}
    shown = ruled("validate", "quarantine", "raw_purchases", "--rows", "1000", "--json").json
    assert sorted(row["purchase_id"] for row in shown["rows"]) == sorted(gone)
    assert {row["_broken_rules"] for row in shown["rows"]} == {"dollar_value at least 1"}
    tables = {each["name"]: each["rows"] for each in ruled("data", "show", "--json").json["tables"]}
    assert {tables[f"sources/{name}"] for name in ("raw_purchases", "purchases", "receipts", "outcomes")} == {
        8000 - len(gone)
    }
    told = ruled("validate", "quarantine", "raw_purchases").out
    assert f"{len(gone)} in quarantine, {8000 - len(gone):,} kept" in told
    assert ruled("run", "--until", "features", "--json").json["made"] == answer["made"]


def test_more_rows_than_the_rule_allows_close_the_gate_until_someone_answers_for_it(ruled, stopped):
    ruled.edit("pipeline.py", ("between(1, None, at_least=0.99", "between(8, None, at_least=0.99"))
    closed = ruled("run", "--until", "features", "--json", code=1).json
    [(name, check)] = stopped(closed["gates"][2]).items()
    assert name == "raw_purchases: dollar_value at least 8"
    assert check["measured"] < 0.99
    ruled("validate", "override", check["check"], "--reason", "a week of samples", "--until", "7d")
    opened = ruled("run", "--until", "features", "--json").json
    assert opened["open"]
    assert "ingest" in opened["cached"]
    kept = ruled("validate", "quarantine", "--json").json["sources"][0]["kept"]
    assert (
        kept
        == {each["name"]: each["rows"] for each in ruled("data", "show", "--json").json["tables"]}["sources/purchases"]
    )


def test_a_warning_cannot_be_overridden_as_it_closes_nothing(ruled):
    answer = ruled("run", "--until", "validate", "--json").json
    warned = next(each for each in answer["gates"][2]["criteria"] if each["verdict"] == "warned")
    said = ruled("validate", "override", warned["check"], "--reason", "why not", "--until", "7d", code=2).err
    assert "only warns and closes no gate" in said


def test_a_limit_is_judged_anew_without_ingesting_again_and_another_rule_makes_another_version(ruled):
    first = ruled("run", "--until", "validate", "--json").json["made"]["ingest"]
    ruled.edit("pipeline.py", ("at_least=0.99", "at_least=0.98"))
    again = ruled("run", "--until", "validate", "--json").json
    assert "ingest" in again["cached"]
    assert again["made"]["ingest"] == first
    ruled.edit("pipeline.py", ("between(1, None", "between(5, None"))
    assert ruled("run", "--until", "validate", "--json", code=None).json["made"]["ingest"] != first


def test_suggested_expectations_can_be_pasted_and_hold(featured_shop):
    shop = featured_shop
    shop("validate", "suggest", "--to", str(shop.folder / "suggested.py"))
    assert "never overwrite" in shop("validate", "suggest", "--to", str(shop.folder / "suggested.py"), code=2).err
    names = ("raw_purchases", "purchases", "receipts", "outcomes")
    shop.edit(
        "pipeline.py",
        ("import sluiceway as sw\n", "import sluiceway as sw\nfrom suggested import *\n"),
        (PLAIN, PLAIN[:-1] + ", expectations=raw_purchases_expectations)"),
        ('event_time="decided_at")', 'event_time="decided_at", expectations=outcomes_expectations)'),
        (
            '    expectations=[sw.column("dollar_value").mean_between(20, 60)],',
            "    expectations=receipts_expectations,",
        ),
        ("    expectations=[\n", "    expectations=purchases_expectations + [\n"),
    )
    shop("check")
    answer = shop("run", "--until", "validate", "--json").json
    assert answer["open"]
    checked = [each["name"] for each in answer["gates"][2]["criteria"]]
    assert all(f"{name}: number of rows changed by at most 50 %" in checked for name in names)
    assert len(checked) > 50
