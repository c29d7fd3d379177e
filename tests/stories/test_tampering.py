"""What was altered behind the product's back is named, and never believed."""

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta


def test_one_edited_ledger_entry_is_named_and_nothing_is_built_upon_it(shop):
    sequence = rewritten(shop, "verdict", lambda text: text.replace("passed", "passes"))
    told = shop("ledger", "verify", code=1).out
    assert f"entry {sequence} was changed" in told
    assert "as it reads now: verdict, recorded 20" in told
    assert ": gate " in told
    assert f"entries before {sequence}: what was written" in told
    assert "ledger.db back from a backup" in told
    assert shop("ledger", "verify", "--json", code=1).json["broken_at"] == sequence
    for words in ("run", "status"):
        said = shop(words, code=3).err
        assert f"entry {sequence} was changed" in said
        assert "restored from a backup" in said


def test_an_override_whose_end_was_put_off_in_the_ledger_is_not_believed(featured_shop, stopped):
    featured_shop.edit("pipeline.py", ("between(1, 100)", "between(1, 30)"))
    closed = featured_shop("run", "--until", "validate", "--json", code=1).json["gates"][2]
    check = stopped(closed)["purchases: number_of_cds between 1 and 30"]["check"]
    featured_shop("validate", "override", check, "--reason", "a bulk buyer", "--author", "ana", "--until", "1s")
    later = (datetime.now(UTC) + timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    sequence = rewritten(
        featured_shop, "override", lambda text: re.sub(r'"expires_at":"[^"]+"', f'"expires_at":"{later}"', text)
    )
    for words in (["run", "--until", "validate"], ["run", "--only", "features"], ["status"]):
        said = featured_shop(*words, code=3)
        assert f"entry {sequence} was changed" in said.err
        assert "sluiceway ledger verify" in said.err
    assert featured_shop("ledger", "verify", "--json", code=1).json["broken_at"] == sequence


def test_scores_that_were_raised_in_the_store_are_not_shown(shop):
    recipe = next(entry["body"]["recipe"] for entry in shop.entries("made") if entry["body"]["node"] == "evaluate")
    path = shop.stored(f"objects/artifacts/*/{recipe}.json")
    measured = shop("models", "show", "--json").json["holdout_roc_auc"]
    raised, found = re.subn(re.escape(f'"roc_auc":{json.dumps(measured)}'), '"roc_auc":0.98765', path.read_text())
    assert found == 1
    path.chmod(0o644)
    path.write_text(raised)
    for words in (["models", "show"], ["models", "show", "--json"]):
        said = shop(*words, code=2)
        assert "0.98765" not in said.out + said.err
        assert "evidence" in said.err
    again = shop("run", "--json")
    assert "evaluate" not in again.json["cached"]
    assert shop("models", "show", "--json").json["holdout_roc_auc"] == measured


def test_a_flipped_bit_in_a_stored_table_is_named_and_stops_gate_2(shop, stopped):
    table = shop.stored("tables/sources/purchases/*.parquet")
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 1
    table.chmod(0o644)
    table.write_bytes(data)
    assert table.name in shop("data", "verify", code=1).out
    assert any(table.name in damage for damage in shop("data", "verify", "--json", code=1).json["damaged"])
    gates = shop("run", "--json", code=1).json["gates"]
    assert [gate["number"] for gate in gates] == [1, 2]
    assert any(table.name in criterion["detail"] for criterion in stopped(gates[1]).values())


def rewritten(shop, kind, change):
    """Change the newest ledger entry of a kind where it lies, as no command can; return its number."""
    with closing(sqlite3.connect(shop.folder / ".sluiceway" / "ledger.db")) as database, database:
        rows = database.execute("SELECT sequence, CAST(body AS TEXT) FROM entries ORDER BY sequence DESC")
        sequence, text = next(row for row in rows if json.loads(row[1])["kind"] == kind)
        assert change(text) != text
        database.execute("UPDATE entries SET body = ? WHERE sequence = ?", (change(text).encode(), sequence))
    return sequence


def test_a_store_whose_ledger_is_gone_is_not_believed_in_silence(featured_shop):
    (featured_shop.folder / ".sluiceway" / "ledger.db").unlink()
    said = featured_shop("run", "--until", "ingest", "--json")
    assert "the ledger is empty, but the store holds earlier work" in said.err
    assert said.json["cached"] == []
