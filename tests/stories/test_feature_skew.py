"""Served features against offline, by the installed command: zero where all is well, and each fault by its name."""

import csv

import pytest
from tests.served_project import Project

from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.plans.packed_value import pack_key, pack_value, unpack_value

BEFORE_THE_REHEARSAL = "1998-02-01"
SUM = "history__sum_dollar_value_365d"
LATE_PURCHASE = "{customer}-19980601-9,{customer},1998-06-01T00:00:00Z,2,31.50\n"


def bought(shop):
    with (shop.folder / "data" / "purchases.csv").open() as table:
        return list(csv.DictReader(table))


def ask(shop, rows):
    """Ask a server about purchases, as a till would."""
    with Project(shop.folder).serving() as server:
        caller = server.caller()
        said = [
            caller.ask(
                {
                    "customer_id": int(row["customer_id"]), "purchased_at": row["purchased_at"],
                    "number_of_cds": int(row["number_of_cds"]), "dollar_value": float(row["dollar_value"]),
                }
            )
            for row in rows
        ]  # fmt: skip
        caller.close()
    assert {each.status for each in said} == {200}


def rounded_in_the_store(shop, customer):
    """Let the store round what it holds of a customer, to whole dollars."""
    view = shop("features", "list", "--json").json["views"]["history"]
    store = LmdbOnline(shop.folder / ".sluiceway" / "online")
    key = pack_key((customer,))
    value = unpack_value(store.read(view, [key])[0])
    features = [float(round(each)) if isinstance(each, float) else each for each in value.features]
    assert features != value.features
    store.write(view, [(key, pack_value(value._replace(features=features)))])
    store.close()


@pytest.fixture
def recent(shop):
    """Twenty customers who bought something shortly before the project's present."""
    rows = [row for row in bought(shop) if "1998-04-01" <= row["purchased_at"] < "1998-06-01"]
    return list({row["customer_id"]: row for row in rows}.values())[:20]


def test_the_rehearsal_of_a_whole_project_has_no_skew(shop):
    report = shop("features", "skew", "--rehearsal", "--json").json
    assert report["sampled"] == report["requests"] > 1_000
    assert report["compared"] == 18 * report["sampled"]
    assert (report["differing"], report["causes"], report["unchecked"]) == (0, {}, {})


def test_a_sample_by_key_is_the_same_each_time_and_lies_within_a_larger_one(shop):
    few, again, more = (
        shop("features", "skew", "--rehearsal", "--json", "--sample", share).json for share in ("0.1", "0.1", "0.4")
    )
    assert few == again
    assert 0 < few["sampled"] < more["sampled"] < more["requests"]
    last = shop("features", "skew", "--rehearsal", "--json", "--last", "100").json
    assert 100 <= last["sampled"] < 110
    assert last["since"] > few["since"]


def test_a_store_that_lags_behind_is_called_stale(trained_shop):
    trained_shop.faulty("one-barrier-late", since=BEFORE_THE_REHEARSAL)("run", code=1)
    page = trained_shop.folder / "skew.html"
    report = trained_shop("features", "skew", "--rehearsal", "--json", "--html", page.name, code=1).json
    assert report["differing"] > 100
    assert set(report["causes"]) == {"stale view"}
    assert "was due" in report["examples"][0]["detail"]
    assert "stale view" in page.read_text()
    assert trained_shop("features", "skew", "--rehearsal", "--limit", "1").code == 0


def test_live_requests_are_checked_and_each_planted_difference_is_named(shop, recent):
    assert "nothing was answered" in shop("features", "skew", code=1).out
    ask(shop, recent)
    whole = shop("features", "skew", "--json").json
    assert (whole["scope"], whole["sampled"], whole["differing"]) == ("live", 20, 0)

    # a store that rounds
    rounded_in_the_store(shop, int(recent[0]["customer_id"]))
    ask(shop, recent[:1])
    said = shop("features", "skew", "--json", code=1).json
    assert set(said["causes"]) == {"rounding"}
    assert {each["feature"] for each in said["features"] if each["causes"]} > {SUM}
    assert all(0 < each["largest"] <= 0.5 for each in said["features"] if each["causes"])
    assert shop("features", "skew", "--last", "1", code=1).out.count("rounding") > 1

    # a fact that comes late, behind all those requests
    customer = recent[1]["customer_id"]
    with (shop.folder / "data" / "purchases.csv").open("a") as table:
        table.write(LATE_PURCHASE.format(customer=customer))
    shop("run", "--until", "ingest")
    said = shop("features", "skew", "--json", code=1).json
    assert set(said["causes"]) == {"rounding", "late event"}
    late = next(each for each in said["examples"] if each["cause"] == "late event")
    assert "receipts, the newest known at 1998-06-02T00:00:00Z" in late["detail"]

    # another definition than the one that was served
    shop.edit(
        "pipeline.py",
        ('sw.max("dollar_value", over="365d")', 'sw.max("number_of_cds", over="365d", name="max_dollar_value_365d")'),
    )
    said = shop("features", "skew", "--json", code=1).json
    assert said["causes"]["code change"] >= 19

    # a present that went on without the store
    shop.edit(
        "pipeline.py",
        ('sw.max("number_of_cds", over="365d", name="max_dollar_value_365d")', 'sw.max("dollar_value", over="365d")'),
    )
    (shop.folder / "sluiceway.toml").write_text("as_of = 1998-07-01\n")
    ask(shop, recent[2:])
    said = shop("features", "skew", "--last", "18", "--json", code=None).json
    assert set(said["causes"]) == {"stale view"}
    assert said["hint"] == ""


def test_what_cannot_be_asked_for_is_refused(shop):
    assert "--since 'yesterday' is neither a moment" in shop("features", "skew", "--since", "yesterday", code=2).err
    assert "--sample 2 must be above 0" in shop("features", "skew", "--sample", "2", code=2).err
    assert "--html" in shop("features", "skew", "--rehearsal", "--html", "no/such/folder.html", code=2).err
