"""Versions through kills, full disks, lost stores and two at once: nothing half, nothing lost, and words that help."""

import json
import os
import shutil
import signal
import time

import pytest
from tests.stories.conftest import PATIENCE_S, staged, state


def big_tree(shop):
    """Give the shop a source of many files, so that storing them takes a while."""
    shop.edit(
        "pipeline.py",
        ("\npurchases = sw.Source(", '\nnotes = sw.Source("notes", sw.files("notes/*.csv"))\n\npurchases = sw.Source('),
    )
    folder = shop.folder / "notes"
    folder.mkdir()
    line = "x" * 1000 + "\n"
    for number in range(120):
        (folder / f"{number:03}.csv").write_text(f"note\n{number}{line}" + line * 1000)
    shutil.copy(folder / "000.csv", folder / "the same.csv")


@pytest.mark.parametrize("share", [0.05, 0.4, 0.8])
def test_an_ingest_that_is_killed_again_and_again_resumes_and_never_shows_half_a_version(fresh_shop, share):
    big_tree(fresh_shop)
    whole = fresh_shop.copied(fresh_shop.folder.with_name("whole"))
    undisturbed = whole("run", "--until", "ingest", "--json").json["made"]["ingest"]
    fresh_shop("run", "--until", "spec")
    objects = state(fresh_shop) / "objects" / "files"
    killed = 0
    for attempt in range(3):
        running = fresh_shop.start("run", "--until", "ingest")
        goal = (share + 0.05 * attempt) * 121
        while running.poll() is None and count(objects) < goal:
            time.sleep(0.001)
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate(timeout=PATIENCE_S)
        killed += running.returncode == -signal.SIGKILL
        versions = fresh_shop("data", "log", "--json").json["versions"]
        assert versions == [] or count(objects) >= 121, "a version is there whole or not at all"
    assert killed > 0
    stored = {path: path.stat().st_mtime_ns for path in objects.rglob("*") if path.is_file() and "#" not in path.name}
    assert fresh_shop("run", "--until", "ingest", "--json").json["made"]["ingest"] == undisturbed
    again = [path for path, when in stored.items() if path.stat().st_mtime_ns != when]
    assert again == [], "what was stored whole is not written again"
    fresh_shop("data", "verify")
    fresh_shop("data", "gc", "--yes")
    assert staged(fresh_shop) == []
    assert list(state(fresh_shop).rglob("*#*")) == []
    fresh_shop("data", "verify")


def count(folder):
    """How many files were stored whole."""
    return sum(path.is_file() and "#" not in path.name for path in folder.rglob("*"))


def test_content_that_many_files_have_is_stored_once(fresh_shop):
    big_tree(fresh_shop)
    fresh_shop("run", "--until", "ingest")
    assert count(state(fresh_shop) / "objects" / "files") == 121
    files = fresh_shop("data", "show", "--json").json["files"]
    assert len(files) == 122
    fresh_shop("data", "restore", "--to", str(fresh_shop.folder / "back"))
    back, there = fresh_shop.folder / "back" / "notes", fresh_shop.folder / "notes"
    assert (back / "the same.csv").read_bytes() == (there / "000.csv").read_bytes()


def test_two_ingests_at_once_are_safe_and_the_second_says_who_is_in_the_way(fresh_shop):
    big_tree(fresh_shop)
    first, second = (fresh_shop.start("run", "--until", "ingest", "--json") for _ in range(2))
    answers = [process.communicate(timeout=PATIENCE_S) for process in (first, second)]
    codes = sorted(process.returncode for process in (first, second))
    assert codes in ([0, 0], [0, 3])
    if codes == [0, 3]:
        assert "the project is locked by" in "".join(err for _, err in answers)
    waited = fresh_shop("run", "--until", "ingest", "--wait", "1m", "--json").json
    assert waited["made"]["ingest"].startswith(fresh_shop("data", "log", "--json").json["versions"][0]["version"])
    assert fresh_shop("ledger", "verify", "--json").json["broken_at"] is None
    fresh_shop("data", "verify")


def test_looking_at_versions_beside_a_run_neither_waits_nor_disturbs(several):
    shop, ids = several
    big_tree(shop)
    running = shop.start("run", "--until", "ingest", "--json")
    while running.poll() is None and not count(state(shop) / "objects" / "files") > 8:
        time.sleep(0.001)
    os.killpg(running.pid, signal.SIGSTOP)  # in the middle, for as long as all of this takes
    assert running.poll() is None
    shop("data", "log")
    shop("data", "diff", ids[0], ids[1])
    shop("data", "verify", ids[0])
    shop("data", "restore", ids[0], "--to", str(shop.folder / "back"))
    refused = shop("data", "gc", "--yes", code=3)
    assert "the project is locked by 'run'" in refused.err
    os.killpg(running.pid, signal.SIGCONT)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, err
    assert json.loads(out)["made"]["ingest"] not in ids


def test_a_restore_that_was_interrupted_goes_on_and_one_beside_other_files_is_refused(several):
    shop, ids = several
    shop("data", "restore", ids[0], "--to", "back")
    table = shop.folder / "back" / "data" / "purchases.csv"
    whole = table.read_bytes()
    table.rename(table.with_name("purchases.csv#1"))
    shop("data", "restore", ids[0], "--to", "back")
    assert [path.name for path in table.parent.iterdir()] == ["purchases.csv"]
    assert table.read_bytes() == whole
    refused = shop("data", "restore", ids[1], "--to", "back", code=2)
    assert "it has 'data/purchases.csv'; restoring never overwrites" in refused.err
    (shop.folder / "back" / "notes#1").write_text("mine")
    assert "it has 'notes#1'" in shop("data", "restore", ids[0], "--to", "back", code=2).err
    (shop.folder / "back" / "notes#1").unlink()
    (shop.folder / "back" / "out").symlink_to(shop.folder)
    assert "it has 'out'" in shop("data", "restore", ids[0], "--to", "back", code=2).err
    assert table.read_bytes() == whole


@pytest.mark.parametrize("words", [("show",), ("verify",), ("log",), ("restore", "--to", "back"), ("blame", "x")])
def test_a_lost_object_store_is_named_with_what_is_safe_and_comes_back_whole(several, words):
    shop, ids = several
    objects, aside = state(shop) / "objects", state(shop).with_name("aside")
    objects.rename(aside)
    said = shop("data", *words, code=3)
    assert "the object store has no evidence of version" in said.err
    assert "The ledger and the sources are safe. Bring the store back" in said.err
    assert not (shop.folder / "back").exists()
    aside.rename(objects)
    shop("data", "verify", ids[0])


def test_a_run_over_a_lost_object_store_says_so_and_makes_anew_what_the_sources_have(several):
    shop, ids = several
    shutil.rmtree(state(shop) / "objects")
    said = shop("run", "--until", "ingest", "--json")
    assert "the object store has nothing of what the ledger knows" in said.err
    shop("data", "verify")
    gone = shop("data", "restore", ids[0], "--to", "back", code=3)
    assert f"no evidence of version {ids[0][:12]}" in gone.err


def test_an_object_store_that_is_lost_while_it_is_filled_is_an_error_and_the_next_run_goes_on(fresh_shop):
    big_tree(fresh_shop)
    running = fresh_shop.start("run", "--until", "ingest", "--json")
    objects = state(fresh_shop) / "objects"
    while running.poll() is None and count(objects / "files") < 60:
        time.sleep(0.001)
    objects.rename(state(fresh_shop) / "moved")
    _, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 3, err
    assert "Traceback" not in err
    assert "bring it back" in err.lower() or "bring the store back" in err.lower()
    assert fresh_shop("run", "--until", "ingest", "--json").json["gates"][1]["verdict"] == "passed"
    fresh_shop("data", "verify")
