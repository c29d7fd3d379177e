"""Sweeps remove what nothing needs, and whatever kills them harms nothing else."""

import os
import signal
import time
from contextlib import suppress

import pytest
from tests.stories.conftest import PATIENCE_S, restored, state


def test_a_sweep_removes_old_versions_and_keeps_pins_models_and_reports(shop, made, tmp_path):
    table = shop.folder / "data" / "purchases.csv"
    lines = table.read_text().splitlines(keepends=True)
    pinned = ""
    for number in range(1, 6):
        table.write_text("".join(lines[:-number]))
        version = shop("run", "--until", "ingest", "--json").json["made"]["ingest"]
        if number == 1:
            pinned = version
            shop("data", "pin", version[:12], "audit", "--author", "ana")
    looked = shop("data", "gc", "--keep", "2", "--json").json
    assert (looked["removed"], len(looked["versions"])) == (False, 2), looked
    assert "model buys_again v1" in looked["kept"][made["ingest"][:12]]
    assert "pin audit" in looked["kept"][pinned[:12]]
    before = size(state(shop))
    said = shop("data", "gc", "--keep", "2", "--yes")
    assert f"{looked['size_bytes']:,} bytes freed" in said.out
    assert before - size(state(shop)) > 0.9 * looked["size_bytes"]
    assert restored(shop, "audit", tmp_path) == "".join(lines[:-1]).encode()
    assert restored(shop, made["ingest"], tmp_path) == "".join(lines).encode()
    for version in (*looked["kept"],):
        shop("data", "verify", version)
    for version in looked["versions"]:
        assert "was removed by data gc on" in shop("data", "restore", version, "--to", "x", code=2).err
    shop("models", "show")
    table.write_text("".join(lines))
    again = shop("run", "--json").json
    assert set(again["cached"]) == set(made), "nothing that was swept was still needed"
    assert again["made"] == made
    table.write_text("".join(lines[:-2]))
    back = shop("run", "--until", "ingest", "--json").json
    assert "ingest" not in back["cached"], "a version that was swept is ingested again"
    shop("data", "verify")


def size(folder):
    """The bytes of all files below a folder, the ledger aside."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".db")


@pytest.mark.parametrize("moment_s", [0.0, 0.02, 0.1, 0.3])
def test_a_sweep_that_is_killed_harms_nothing_that_is_needed_and_the_next_ends_it(several, tmp_path, moment_s):
    shop, ids = several
    shop("data", "pin", ids[0], "audit")
    before = restored(shop, "audit", tmp_path)
    running = shop.start("data", "gc", "--keep", "1", "--yes")
    ledger = state(shop) / "ledger.db"
    known = ledger.stat().st_mtime_ns
    while running.poll() is None and ledger.stat().st_mtime_ns == known:
        time.sleep(0.0005)
    time.sleep(moment_s / 10)
    with suppress(ProcessLookupError):  # it was faster
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate(timeout=PATIENCE_S)
    for version in ("audit", ids[-1]):
        shop("data", "verify", version)
    shop("data", "gc", "--keep", "1", "--yes")
    assert shop("data", "gc", "--keep", "1", "--json").json["size_bytes"] == 0
    assert restored(shop, ids[0], tmp_path) == before
    assert shop("ledger", "verify", "--json").json["broken_at"] is None


def test_without_its_ledger_nothing_is_swept(several):
    shop, ids = several
    (state(shop) / "ledger.db").rename(state(shop) / "aside.db")
    said = shop("data", "gc", "--yes", code=3)
    assert "the ledger is empty, but the store holds earlier work" in said.err
    (state(shop) / "aside.db").rename(state(shop) / "ledger.db")
    shop("data", "verify", ids[0])
