"""Full disks: words that help, nothing half, and a next run that goes on."""

import json
import resource
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
from tests.stories.conftest import COMMAND, PATIENCE_S, Said, quiet, restored, state

FULL_AT = ("16k", "100k", "600k", "1000k", "1300k")


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
