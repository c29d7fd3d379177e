"""Columns that vanish or come at a source stop where the policy says so, with a name, and not before."""

import csv
import io

import pytest

FILES = 'sw.files("data/purchases.csv")'
FREEZE, DISCARD, EVOLVE = (f'{FILES}, schema="{policy}"' for policy in ("freeze", "discard", "evolve"))


def rewritten(shop, change):
    """Rewrite the table of purchases, row by row as a dictionary."""
    path = shop.folder / "data" / "purchases.csv"
    rows = [change(row) for row in csv.DictReader(io.StringIO(path.read_text()))]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def without_cds(row):
    return {name: value for name, value in row.items() if name != "number_of_cds"}


def with_channel(row):
    return {**row, "channel": "shop"}


def test_a_column_that_vanished_under_freeze_stops_at_gate_2_by_name_whatever_uses_it(fresh_shop, stopped):
    fresh_shop.edit("pipeline.py", (FILES, FREEZE))
    before = fresh_shop("run", "--until", "ingest", "--json").json["made"]["ingest"]
    path = fresh_shop.folder / "data" / "purchases.csv"
    whole = path.read_text()
    rewritten(fresh_shop, without_cds)
    said = fresh_shop("run", "--json", code=1).json
    assert [gate["stage"] for gate in said["gates"]] == ["spec", "ingest"]
    closed = stopped(fresh_shop.gates(code=1)["ingest"])
    assert list(closed) == ["raw_purchases: changed columns (freeze)"]
    assert "number_of_cds vanished (it was integer)" in closed["raw_purchases: changed columns (freeze)"]["detail"]
    assert fresh_shop("run", "--json", code=1).json["made"] == said["made"], "it stays so until somebody acts"
    fresh_shop.edit("pipeline.py", (FREEZE, EVOLVE))
    accepted = fresh_shop("run", "--until", "ingest", code=2)
    assert "number_of_cds" in accepted.err
    fresh_shop.edit("pipeline.py", (EVOLVE, FREEZE))
    path.write_text(whole)
    assert fresh_shop("run", "--until", "ingest", "--json").json["made"]["ingest"] == before


@pytest.mark.parametrize("words", [("check",), ("run", "--until", "ingest")])
def test_a_column_that_is_discarded_cannot_be_used_before_it_is_accepted(fresh_shop, words):
    fresh_shop.edit("pipeline.py", (FILES, DISCARD))
    fresh_shop("run", "--until", "ingest")
    rewritten(fresh_shop, with_channel)
    fresh_shop("check")
    fresh_shop.edit("pipeline.py", ("expectations=[", 'expectations=[sw.column("channel").not_null(), '))
    refused = fresh_shop(*words, code=2).err
    assert "channel" in refused
    assert "source 'raw_purchases' discards 'channel', which the last accepted version does not have" in refused
    fresh_shop.edit("pipeline.py", (DISCARD, EVOLVE))
    fresh_shop("run", "--until", "ingest")
    fresh_shop.edit("pipeline.py", (EVOLVE, DISCARD))
    fresh_shop("check")
    assert fresh_shop("run", "--until", "ingest", "--json").json["gates"][1]["verdict"] == "passed"
