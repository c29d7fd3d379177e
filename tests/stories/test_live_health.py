"""Live traffic watched by the installed command: too little at first, then a drift, of which people are told once."""

import csv
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.served_project import Project, eventually

PINNED = "as_of = 1998-06-15\n"


@pytest.fixture
def answered(shop):
    """The shop with its model on the canary, and a way to ask it about purchases of its own past."""
    (shop.folder / "sluiceway.toml").write_text(PINNED)  # every live request is answered as of this moment
    shop.edit("spec.yaml", ("acceptance:", "observe:    {window: 7d}\nacceptance:"))
    shop("run")
    shop("rollout", "start")
    with (shop.folder / "data" / "purchases.csv").open() as table:
        bought = list(csv.DictReader(table))

    def ask(since, until, *, factor=1):
        with Project(shop.folder).serving() as server:
            caller = server.caller()
            said = [caller.ask(asked(row, factor)) for row in bought if since <= row["purchased_at"] < until]
            caller.close()
        assert {each.status for each in said} == {200}
        return len(said)

    return shop, ask


def asked(row, factor):
    return {
        "customer_id": int(row["customer_id"]), "purchased_at": row["purchased_at"], "purchase_id": row["purchase_id"],
        "number_of_cds": factor * int(row["number_of_cds"]), "dollar_value": float(row["dollar_value"]),
    }  # fmt: skip


def spread(shop):
    """Let all that was asked so far have arrived over last week, from Monday on: a few minutes alert nobody."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=7 + today.weekday())
    files = sorted((shop.folder / ".sluiceway").rglob("requests-*.jsonl"))
    lines = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    for place, line in enumerate(lines):
        line["arrival"] = int((monday + place * timedelta(days=7) / len(lines)).timestamp() * 1e6)
    files[0].with_name(f"requests-{monday:%Y-%m-%d}.jsonl").write_text(
        "".join(json.dumps(each) + "\n" for each in lines)
    )
    for path in files:
        path.unlink()


def by_version(said):
    return {each["version"]: each for each in said.json["reports"]}


def test_live_traffic_is_watched_version_by_version_and_people_are_told_once(answered):
    shop, ask = answered
    assert "No registered version answered anything" in shop("observe", "report", "--live", code=1).out
    many = ask("1998-04-01", "1998-04-10")
    little = shop("observe", "report", "--live", "--json", code=1)
    assert (little.json["scope"], little.json["requests"]) == ("live", many)
    assert set(by_version(little)) == {"v1", "v1-baseline"}
    for each in by_version(little).values():
        assert each["gate"]["verdict"] == "inconclusive"
        assert each["headline"].startswith("Too little traffic to say how it fares, good or bad")
    assert shop.entries("alert") == [] or {each["body"]["scope"] for each in shop.entries("alert")} == {"rehearsal"}

    ask("1998-01-01", "1998-06-01", factor=4)
    early = by_version(shop("observe", "report", "--live", "--json", code=None))["v1-baseline"]
    assert early["headline"].startswith("Too few days were watched to say how it fares")
    assert "number_of_cds" in {alert["subject"] for alert in early["windows"][-1]["alerts"]}
    spread(shop)
    said = shop("observe", "report", "--live", "--json", code=None)
    versions = by_version(said)
    assert versions["v1"]["seen"]["rows"] < versions["v1-baseline"]["seen"]["rows"]
    model = versions["v1-baseline"]
    sent = {
        alert["subject"] for window in model["windows"] for alert in window["alerts"] if alert["severity"] == "alert"
    }
    assert "number_of_cds" in sent
    page = Path(shop.folder / model["report"]).read_text()
    assert "health, live" in page
    assert "number_of_cds" in page
    told = [each["body"] for each in shop.entries("alert") if each["body"]["scope"] == "live"]
    assert {each["subject"] for each in told} >= {"number_of_cds"}
    assert [each["body"]["version"] for each in shop.entries("retrain") if each["body"]["scope"] == "live"]
    log = (shop.folder / ".sluiceway" / "alerts.jsonl").read_text()
    assert '"subject":"number_of_cds"' in log
    again = shop("observe", "report", "--live", code=None)
    assert "alert:" not in again.err
    assert "v1, live: " in again.out
    assert (shop.folder / ".sluiceway" / "alerts.jsonl").read_text() == log
    assert "live" in {each["scope"] for each in shop("status", "--json").json["live"]}


def test_watching_goes_on_until_it_is_interrupted(answered):
    shop, ask = answered
    watching = shop.start("observe", "report", "--live", "--watch", "1s", "--json")
    lines = [watching.stderr.readline()]
    ask("1998-04-01", "1998-04-10")
    lines += [watching.stderr.readline() for _ in range(2)]
    eventually(lambda: lines.append(watching.stderr.readline()) or "Too little traffic" in lines[-1])
    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=30)
    assert watching.returncode == 1, err
    assert json.loads(out)["requests"] > 0
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--watch", "5m"), "are for live traffic; add --live"),
        (("--windows", "2"), "are for live traffic; add --live"),
        (("--live", "--windows", "0"), "must be from 1 to"),
        (("--live", "--watch", "soon"), "--watch: 'soon' is not a duration"),
        (("--live",), "nobody answers live traffic yet"),
    ],
)
def test_what_cannot_be_watched_as_asked_is_misuse(shop, words, why):
    assert why in shop("observe", "report", *words, code=2).err
