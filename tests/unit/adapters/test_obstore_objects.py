"""What objects in a folder promise beyond the contract: kills, links, and a light touch."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.errors import SourceError, UnknownObjectError

STREAMING = """
import sys, time
from pathlib import Path
from sluiceway.adapters.obstore_objects import ObstoreObjects

def parts():
    for number in range(1000):
        yield bytes(1 << 20)
        if number == 40:
            print("amid", flush=True)
            time.sleep(60)

ObstoreObjects.local(Path(sys.argv[1])).put("data/big", parts())
"""


def test_a_kill_amid_a_stream_leaves_no_object_and_no_trace_in_the_list(tmp_path):
    store = ObstoreObjects.local(tmp_path)
    store.put("data/small", b"here")
    child = subprocess.Popen([sys.executable, "-c", STREAMING, str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"amid\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    staged = [path.name for path in (tmp_path / "data").iterdir() if "#" in path.name]
    assert staged, "the kill came too early to prove anything"
    assert [info.key for info in store.list()] == ["data/small"]
    assert not store.has("data/big")
    with pytest.raises(UnknownObjectError):
        store.get("data/big")
    store.put("data/big", [b"again", b" and whole"])
    assert store.get("data/big") == b"again and whole"


def test_reading_makes_no_folder(tmp_path):
    store = ObstoreObjects.local(tmp_path / "absent")
    assert store.list() == []
    assert store.list("sub") == []
    assert not store.has("a")
    with pytest.raises(UnknownObjectError):
        store.get("a")
    assert not (tmp_path / "absent").exists()


def test_a_folder_made_later_by_another_is_seen(tmp_path):
    reader, writer = (ObstoreObjects.local(tmp_path / "objects") for _ in range(2))
    assert not reader.has("a")
    writer.put("a", b"x")
    assert reader.get("a") == b"x"


def test_listing_a_folder_looks_at_nothing_beside_it(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "round").symlink_to(tmp_path / ".venv")
    store = ObstoreObjects.local(tmp_path)
    with pytest.raises(SourceError, match="list"):
        store.list()  # walks into the loop
    assert [info.key for info in store.list("data")] == ["data/a.csv"]


def test_links_to_files_and_folders_are_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "real.csv").write_text("rows")
    data = tmp_path / "project" / "data"
    data.mkdir(parents=True)
    (data / "linked.csv").symlink_to(elsewhere / "real.csv")
    (data / "folder").symlink_to(elsewhere)
    (data / "dangling.csv").symlink_to(elsewhere / "nothing")
    store = ObstoreObjects.local(tmp_path / "project")
    assert [(info.key, info.size_bytes) for info in store.list("data")] == [
        ("data/folder/real.csv", 4),
        ("data/linked.csv", 4),
    ]
    assert store.get("data/linked.csv") == b"rows"
    assert not store.has("data/dangling.csv")


def test_the_tag_of_an_edited_file_changes_also_at_the_same_size(tmp_path):
    store = ObstoreObjects.local(tmp_path)
    file = tmp_path / "a"
    file.write_text("1")
    before = store.list()[0].tag
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1_000_000))
    assert store.list()[0].tag != before


def test_a_folder_is_no_object(tmp_path):
    store = ObstoreObjects.local(tmp_path)
    store.put("a/b", b"x")
    assert not store.has("a")
    with pytest.raises(UnknownObjectError):
        store.get("a")
    with pytest.raises(SourceError, match="'a'"):
        store.put("a", b"y")
    with pytest.raises(SourceError, match="'a/b/c'"):
        store.put("a/b/c", b"y")


def test_importing_the_store_loads_no_heavy_library():
    script = "import sys, sluiceway.adapters.obstore_objects; print({'pyarrow', 'numpy', 'polars'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path.home())
    assert done.stdout.strip() == "set()"
