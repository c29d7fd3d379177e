"""Versions through kills, full disks, lost stores and two at once: nothing half, nothing lost, and words that help."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from tests.stories.conftest import COMMAND, PATIENCE_S, Said, quiet

FULL_AT = ("16k", "100k", "600k", "1000k", "1300k")


@pytest.fixture
def several(fresh_shop):
    """Four versions of the shop's purchases, none of which anything but the last needs; and their ids, oldest first."""
    table = fresh_shop.folder / "data" / "purchases.csv"
    ids = []
    for _ in range(4):
        ids.append(fresh_shop("run", "--until", "ingest", "--json").json["made"]["ingest"])
        table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    table.write_text(table.read_text())
    return fresh_shop, ids


def state(shop):
    return shop.folder / ".sluiceway"


def staged(shop):
    """What killed writes left behind."""
    return shop("data", "gc", "--json").json["staged"]


def restored(shop, version, tmp_path):
    """A version's table as it was, from a restore into a fresh folder."""
    shop("data", "restore", version, "--to", str(tmp_path / version))
    return (tmp_path / version / "data" / "purchases.csv").read_bytes()


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


def limited(shop, *words):
    """Run a command that may write no file larger than 256 KiB, less than the table is."""
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=shop.folder,
        env=quiet(),
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 10, 256 << 10)),
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_a_file_that_may_not_grow_is_an_error_that_says_what_is_safe_and_the_next_run_goes_on(several, tmp_path):
    shop, ids = several
    before = restored(shop, ids[0], tmp_path)
    said = limited(shop, "run", "--until", "ingest", "--again", "ingest", "--json")
    assert said.code == 3
    assert said.json["error"]["kind"] == "SourceError"
    assert "no file may grow so large here" in said.err
    assert "What was stored before is safe" in said.err
    assert "Traceback" not in said.err
    shop("data", "verify", ids[0])
    assert restored(shop, ids[0][:20], tmp_path) == before
    shop("run", "--until", "ingest")
    assert shop("ledger", "verify", "--json").json["broken_at"] is None


def can_mount() -> bool:
    """Whether this machine lends a small disk of one's own, as the kernel's user namespaces do."""
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o size=16k none /mnt"]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


ON_A_SMALL_DISK = """
mkdir .sluiceway && mount -t tmpfs -o size={size} none .sluiceway
{command} run --until ingest --json > said.json 2> said.err; echo $? > said.code
mount -o remount,size=1g .sluiceway
{command} run --until ingest --json > mended.json 2> mended.err && {command} data verify && {command} ledger verify
cp -r .sluiceway kept
"""


@pytest.mark.skipif(not can_mount(), reason="this machine does not let a user mount a small disk")
@pytest.mark.parametrize("size", FULL_AT)
def test_a_full_disk_stops_with_words_and_once_there_is_room_the_run_goes_on(fresh_shop, size):
    script = ON_A_SMALL_DISK.format(size=size, command=COMMAND[0])
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(
        command, cwd=fresh_shop.folder, env=quiet(), check=False, capture_output=True, text=True, timeout=PATIENCE_S
    )
    folder: Path = fresh_shop.folder
    error = (folder / "said.err").read_text()
    assert (folder / "said.code").read_text() == "3\n", error
    assert "the disk is full. What was stored before is safe" in error
    assert "run again: it goes on" in json.loads((folder / "said.json").read_text())["error"]["message"]
    assert "Traceback" not in error
    assert done.returncode == 0, done.stderr + (folder / "mended.err").read_text()
    whole = json.loads((folder / "mended.json").read_text())["made"]["ingest"]
    (folder / "kept").rename(state(fresh_shop))
    assert fresh_shop("run", "--until", "ingest", "--json").json["made"]["ingest"] == whole


WITH_ROOM_THAT_RUNS_OUT = """
cp -r .sluiceway kept && mount -t tmpfs -o size=64m none .sluiceway && cp -r kept/. .sluiceway/ && rm -r kept
echo again >> data/purchases.csv; sed -i '$d' data/purchases.csv; sed -i '$d' data/purchases.csv
cat /dev/zero > .sluiceway/filler 2> /dev/null
{command} {words} > said.json 2> said.err; echo $? > said.code
rm .sluiceway/filler
{first} && {command} ledger verify && {command} {words} > mended.json 2> mended.err
echo $? > mended.code
{command} data verify >> verified 2>&1; echo $? >> verified
"""


@pytest.mark.skipif(not can_mount(), reason="this machine does not let a user mount a small disk")
@pytest.mark.parametrize(
    "words",
    [
        "run --until ingest --json",
        "run --until validate --again validate --json",
        "data gc --keep 1 --yes --json",
        "data pin {version} audit --json",
        "data restore {version} --to .sluiceway/back --json",
    ],
)
def test_whatever_a_full_disk_stops_says_what_is_safe_and_works_once_there_is_room(several, words):
    shop, ids = several
    asked = words.format(version=ids[-1])
    script = WITH_ROOM_THAT_RUNS_OUT.format(
        command=COMMAND[0], words=asked, first=f"{COMMAND[0]} data verify {ids[-1]}"
    )
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    subprocess.run(
        command, cwd=shop.folder, env=quiet(), check=False, capture_output=True, text=True, timeout=PATIENCE_S
    )
    error = (shop.folder / "said.err").read_text()
    assert (shop.folder / "said.code").read_text() == "3\n", error
    assert "the disk is full. What was stored before is safe" in error
    assert "run again" in json.loads((shop.folder / "said.json").read_text())["error"]["message"]
    assert "Traceback" not in error
    assert (shop.folder / "mended.code").read_text() == "0\n", (shop.folder / "mended.err").read_text()
    assert (shop.folder / "verified").read_text().endswith("\n0\n")


@pytest.mark.skipif(not can_mount(), reason="this machine does not let a user mount a small disk")
def test_a_landing_on_a_full_disk_says_what_is_safe_and_lands_once_there_is_room(fresh_shop):
    with duckdb.connect(str(fresh_shop.folder / "sold.duckdb")) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        table = fresh_shop.folder / "data" / "purchases.csv"
        connection.execute(f"CREATE TABLE purchases AS SELECT * FROM '{table}'")
    asked = 'sw.table("duckdb:///sold.duckdb", "purchases", cursor="purchased_at")'
    fresh_shop.edit("pipeline.py", ('sw.files("data/purchases.csv")', asked))
    fresh_shop("run", "--until", "spec")
    shutil.rmtree(fresh_shop.folder / ".sluiceway" / "objects" / "landing")
    shutil.rmtree(fresh_shop.folder / ".sluiceway" / "objects" / "files")
    script = WITH_ROOM_THAT_RUNS_OUT.format(command=COMMAND[0], words="run --until ingest --json", first="true")
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    subprocess.run(
        command, cwd=fresh_shop.folder, env=quiet(), check=False, capture_output=True, text=True, timeout=PATIENCE_S
    )
    error = (fresh_shop.folder / "said.err").read_text()
    assert (fresh_shop.folder / "said.code").read_text() == "3\n", error
    assert "the disk is full. What was stored before is safe" in error
    assert "Traceback" not in error
    mended = json.loads((fresh_shop.folder / "mended.json").read_text())
    assert [(each["new_rows"], each["how"]) for each in mended["extracted"]] == [(8_000, "read for the first time")]


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
