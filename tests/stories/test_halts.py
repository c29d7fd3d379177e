"""A run that gate 3 halts alerts, once for each version of the data; and which versions a column is compared with."""

import json

PURCHASED = '        sw.fresh(within="7d"),\n    ],\n)\nreceipts'


def alerts(shop):
    """The lines of the alert log."""
    log = shop.folder / ".sluiceway" / "alerts.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def prices(shop, factor):
    """Multiply every price of the table."""
    table = shop.folder / "data" / "purchases.csv"
    header, *rows = table.read_text().splitlines()
    priced = [f"{row.rpartition(',')[0]},{float(row.rpartition(',')[2]) * factor:.2f}" for row in rows]
    table.write_text("\n".join([header, *priced]) + "\n")


def dearer(shop):
    """Raise every price of the table by half, which makes a new version that has drifted."""
    prices(shop, 1.5)


def test_a_halted_run_alerts_once_for_a_version_and_again_for_the_next(featured_shop):
    dearer(featured_shop)
    said = featured_shop("run", "--until", "features", "--json", code=1)
    halted = next(gate for gate in said.json["gates"] if gate["stage"] == "validate")
    closed = {each["name"] for each in halted["criteria"] if each["verdict"] == "stopped"}
    assert "purchases: shift of the mean of dollar_value" in closed
    assert "alert: buys_again: validation halts the pipeline" in said.err
    told = alerts(featured_shop)
    assert {line["kind"] for line in told} == {"validation"}
    assert {line["subject"] for line in told} <= closed | {"more"}
    page = told[0]["title"].rpartition("(")[2].rstrip(")")
    assert (featured_shop.folder / ".sluiceway" / "objects" / page).read_text().startswith("<!doctype html>")
    [entry] = featured_shop.entries("halt")
    assert set(entry["body"]["checks"]) == closed
    assert "validate holds" in featured_shop("ledger", "log").out

    again = featured_shop("run", "--until", "features", code=1)
    assert "alert:" not in again.err
    assert len(alerts(featured_shop)) == len(told)

    dearer(featured_shop)
    assert "alert: buys_again: validation halts" in featured_shop("run", "--until", "features", code=1).err
    assert len(featured_shop.entries("halt")) == 2


def test_an_open_gate_alerts_nobody(featured_shop):
    featured_shop("run", "--until", "features")
    assert alerts(featured_shop) == []
    assert featured_shop.entries("halt") == []


def test_a_rolling_reference_pools_what_passed_and_a_limit_may_be_declared(featured_shop):
    rule = '        sw.column("dollar_value").mean_within(0.01, reference="rolling 3"),\n'
    featured_shop.edit("pipeline.py", (PURCHASED, rule + PURCHASED))
    first = featured_shop("run", "--until", "validate", "--json").json["made"]["ingest"]
    prices(featured_shop, 1.02)
    said = featured_shop("run", "--until", "validate", "--json", code=None).json
    [check] = [
        each
        for each in said["gates"][2]["criteria"]
        if each["name"] == "purchases: shift of the mean of dollar_value, against rolling 3"
    ]
    assert check["measured"] > 0.01
    report = json.loads(
        featured_shop.stored(f"objects/reports/validation-{said['made']['validate'][:12]}.json").read_text()
    )
    pools = {pool["name"]: pool["versions"] for pool in report["report"]["pools"]}
    assert pools == {"": [first], "rolling 3": [first]}
    assert set(featured_shop("run", "--until", "validate", "--json", code=None).json["cached"]) >= {"validate"}


def test_a_reference_that_is_none_is_refused_when_declared_and_when_set(fresh_shop):
    rule = '        sw.column("dollar_value").like("newest"),\n'
    fresh_shop.edit("pipeline.py", (PURCHASED, rule + PURCHASED))
    said = fresh_shop("check", code=2)
    assert "reference 'newest' is none of 'previous', 'rolling'" in said.err + said.out
    fresh_shop.edit("pipeline.py", (rule, ""))
    settings = fresh_shop.folder / "sluiceway.toml"
    settings.write_text(settings.read_text() + 'reference = "newest"\n')
    said = fresh_shop("run", "--until", "validate", code=2)
    assert "reference 'newest' is none of" in said.err + said.out
