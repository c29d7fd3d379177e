"""A project whose facts lie in PostgreSQL: only what is new is read, and a server that dies loses nothing."""

import json
import os
import signal
import subprocess
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.database_servers import Postgres
from tests.stories.conftest import PATIENCE_S

FROM_FILE = 'sw.files("data/purchases.csv")'
URL = "postgresql://postgres:${PGPASSWORD}@/postgres?host=${PGSOCKET}"
FROM_TABLE = f'sw.table("{URL}", "public.purchases", cursor="purchased_at")'
COLUMNS = "purchase_id text, customer_id text, purchased_at timestamptz, number_of_cds int, dollar_value numeric(9, 2)"
MANY, MORE, HUGE = 4_000, 200, 300_000


@pytest.fixture
def sold(declared, purchases, tmp_path, monkeypatch):
    """The shop, its purchases in a table, sorted by time, and those of a later day at hand."""
    server = Postgres(tmp_path)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    shop = declared.copied(tmp_path / "shop")
    shop.edit("pipeline.py", (FROM_FILE, FROM_TABLE))
    shop.edit("sluiceway.toml", ("as_of = 1998-06-15\nreplay_until = 1998-07-01\n", ""))
    rows = sorted((line.strip().split(",") for line in purchases[1:]), key=lambda row: row[2])
    server.run(f"CREATE TABLE purchases ({COLUMNS})")

    def sell(start, end):
        values = (f"('{a}', '{b}', '{c}', {d}, {e})" for a, b, c, d, e in rows[start:end])
        server.run(f"INSERT INTO purchases VALUES {', '.join(values)}")

    sell(0, MANY)
    yield shop, server, sell
    server.close()


def test_only_what_is_new_is_read_and_nothing_is_lost_when_the_server_dies(sold):
    shop, server, sell = sold
    first = shop("run", "--until", "ingest", "--json").json
    assert [(each["new_rows"], each["how"]) for each in first["extracted"]] == [(MANY, "read for the first time")]

    again = shop("run", "--until", "ingest", "--json").json
    assert again["made"] == first["made"]
    assert set(again["cached"]) == {"spec", "ingest"}
    assert again["extracted"][0]["how"] == "nothing new"

    sell(MANY, MANY + MORE)
    later = shop("run", "--until", "ingest", "--json").json
    assert later["made"]["ingest"] != first["made"]["ingest"]
    assert (later["extracted"][0]["new_rows"], later["extracted"][0]["rows"]) == (MORE, MANY + MORE)
    changed = shop("data", "diff", first["made"]["ingest"][:12], "--json").json
    assert (len(changed["added"]), changed["removed"], changed["changed"]) == (1, [], [])
    assert shop("data", "verify", "--json").json["ok"]

    server.kill()
    died = shop("run", "--until", "ingest", code=3)
    assert "Failed to connect" in died.err
    assert "nothing that has landed before is lost" in died.err
    offline = shop("data", "verify", "--json").json
    assert (offline["version"], offline["ok"]) == (later["made"]["ingest"][:12], True)
    assert offline["changed_sources"] == []
    server.start()
    assert shop("run", "--until", "ingest", "--json").json["made"] == later["made"]
    everything = subprocess.run(
        ["grep", "-rl", server.environment["PGPASSWORD"], str(shop.folder)], check=False, capture_output=True, text=True
    )
    assert everything.stdout == ""
    assert os.environ["PGPASSWORD"] not in died.err


@pytest.mark.parametrize("victim", ["run", "server"])
def test_a_landing_that_is_killed_in_the_middle_goes_on_from_what_had_come(sold, victim):
    shop, server, _ = sold
    later = "timestamptz '2000-01-01' + number * interval '1 second'"
    server.run(
        f"INSERT INTO purchases SELECT repeat(md5(number::text), 8), 'a', {later}, 1, 1 "
        f"FROM generate_series(1, {HUGE}) AS number"
    )
    running = shop.start("run", "--until", "ingest", "--json")
    begun = shop.folder / ".sluiceway" / "objects" / "landing" / "begun" / "raw_purchases.json"
    while running.poll() is None and not begun.exists():
        time.sleep(0.001)
    if victim == "run":
        os.killpg(running.pid, signal.SIGKILL)
    else:
        server.kill()
    _, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == (-signal.SIGKILL if victim == "run" else 3), err
    come = sum(part["rows"] for part in json.loads(begun.read_text())["landing"]["parts"])
    assert 0 < come < HUGE
    assert not (begun.parents[1] / "raw_purchases.json").exists()
    assert shop("data", "log", "--json").json["versions"] == []
    shop("data", "gc", "--yes")
    server.start()
    server.run(f"INSERT INTO purchases VALUES ('new', 'b', {later.replace('number', str(HUGE + 1))}, 1, 1)")
    went_on = shop("run", "--until", "ingest", "--json").json
    assert "where a reading broke off" in went_on["extracted"][0]["how"]
    assert went_on["extracted"][0]["rows"] == MANY + HUGE + 1
    parts = [pq.read_table(file) for file in (shop.folder / ".sluiceway" / "objects" / "files").glob("*/*")]
    times = pc.value_counts(pa.concat_tables(parts)["purchase_id"])
    assert sum(each["counts"].as_py() for each in times) == MANY + HUGE + 1
    assert max(each["counts"].as_py() for each in times if each["values"].as_py() != "new") == 1
    assert shop("run", "--until", "ingest", "--json").json["extracted"][0]["how"] == "nothing new"


def test_a_damaged_part_stops_gate_2_and_is_read_again_from_its_origin(sold):
    shop, _, _ = sold
    made = shop("run", "--until", "ingest", "--json").json["made"]
    part = shop.stored("objects/files/*/*")
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    stopped = shop("run", "--until", "ingest", code=1)
    assert "damaged objects: 1" in stopped.out
    assert shop("run", "--until", "ingest", "--again", "ingest", "--json").json["open"]
    part.unlink()
    mended = shop("run", "--until", "ingest", "--json").json
    assert "gone from the store" in mended["extracted"][0]["how"]
    assert mended["made"] == made


def test_check_asks_the_database_for_its_columns_and_lands_nothing(sold):
    shop, _, _ = sold
    assert ["purchased_at", "time"] in shop("check", "--json").json["sources"]["raw_purchases"]
    assert not list((shop.folder / ".sluiceway").glob("objects/landing/*"))
    shop.edit("pipeline.py", ("public.purchases", "public.purchase"))
    assert "public.purchase" in shop("check", code=3).err
