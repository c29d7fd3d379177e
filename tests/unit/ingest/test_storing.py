"""Whatever lies in a folder comes back from a restore byte for byte under the same name, or is refused by name."""

import os
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ingested_projects import FLIGHTS, ingested

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.dataset_version import DatasetVersion, RestoreReport
from sluiceway.core.errors import SluicewayError, SourceError
from sluiceway.declare.files import files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.ingest.restore import restore_to
from sluiceway.ingest.storing import store_files
from sluiceway.ports.progress import Silence

PROJECT = Project(None, {"s": Source("s", files("t/**", format="csv"))}, "", "")
LONGEST = 255
ACCENTED = st.sampled_from(["é", "Å", "ü", "ñ", "가"]).flatmap(
    lambda sign: st.sampled_from(["NFC", "NFD"]).map(lambda form: unicodedata.normalize(form, sign))
)
LETTERS = st.one_of(
    st.sampled_from("abAB01 -_.,;'\"$()%&+=~@!^{}[]*?:<>|\\#"),
    ACCENTED,
    st.characters(min_codepoint=160, exclude_categories=("Cs", "Cc", "Cn")),
)
NAMES = st.one_of(
    st.lists(LETTERS, min_size=1, max_size=12).map("".join),
    st.integers(230, LONGEST).map(lambda length: "long" * (length // 4)),
).filter(
    lambda name: (
        not name.startswith(".")  # the pattern does not spell the dot
        and len(os.fsencode(name)) <= LONGEST
        and not name.rpartition("#")[2].isdigit()
    )
)
PATHS = st.lists(NAMES, min_size=1, max_size=6).map("/".join)
TREES = st.dictionaries(PATHS, st.one_of(st.just(b""), st.binary(max_size=2000)), min_size=1, max_size=12)


def planted(folder, tree):
    """Write a tree, but for what this file system has no place for; return what is there."""
    there = {}
    for path, data in tree.items():
        place = folder / "t" / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.write_bytes(data)
                there[f"t/{path}"] = data
        except OSError:  # a file stands where a folder should, or the path is too long
            continue
    return there


def round_trip(folder):
    objects, target = ObstoreObjects.local(folder / "objects"), folder / "back"
    project = ObstoreObjects.local(folder / "project")
    entries = store_files(PROJECT, files=project, objects=objects, progress=Silence())
    version = DatasetVersion(entries, (), RestoreReport(0.1, 1, 1, 0, ()))
    restore_to(version, objects=objects, target=ObstoreObjects.local(target))
    back = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    return back, objects


@given(tree=TREES, linked=st.booleans())
@settings(deadline=None, max_examples=80)
def test_a_tree_comes_back_as_it_was(tree, linked):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        there = planted(folder / "project", tree)
        if linked and there:
            first = next(iter(there))
            (folder / "project" / "t" / "a link").symlink_to(folder / "project" / first)
            there["t/a link"] = there[first]
        if not there:
            return
        back, objects = round_trip(folder)
        assert back == there
        assert len(objects.list("files")) == len(set(there.values())), "each content is stored once"


@pytest.mark.parametrize("name", ["new\nline", "tab\t", "\x01", "\x7f", "carriage\r"])
def test_a_name_that_no_store_can_keep_is_refused_and_not_left_out(tmp_path, name):
    (tmp_path / "project" / "t").mkdir(parents=True)
    (tmp_path / "project" / "t" / "good").write_bytes(b"good")
    (tmp_path / "project" / "t" / name).write_bytes(b"x")
    with pytest.raises(SluicewayError, match="invalid path"):
        round_trip(tmp_path)


def test_a_tree_of_eighty_folders_comes_back(tmp_path):
    deep = tmp_path / "project" / "t" / "/".join(["folder with a name"] * 80)
    deep.mkdir(parents=True)
    (deep / "x").write_bytes(b"deep")
    back, _ = round_trip(tmp_path)
    assert list(back.values()) == [b"deep"]


def test_what_is_stored_already_is_not_written_again(folder, monkeypatch):
    objects = ObstoreObjects.memory()
    first = ingested(folder, objects=objects)
    monkeypatch.setattr(objects, "put", lambda key, data: pytest.fail(f"{key} was written again"))
    assert ingested(folder, objects=objects).content_id == first.content_id


def test_a_half_written_object_of_another_size_is_written_again(folder):
    objects = ObstoreObjects.memory()
    first = ingested(folder, objects=objects)
    objects.put(first.files[0].object_key, b"half")
    assert ingested(folder, objects=objects).restore.unequal == ()


def test_a_damaged_object_met_while_ingesting_is_stored_anew(folder):
    objects = ObstoreObjects.memory()
    entry = ingested(folder, objects=objects).files[0]
    objects.put(entry.object_key, FLIGHTS.replace(b"EWR", b"EVR"))
    ingested(folder, objects=objects)
    assert objects.get(entry.object_key) == FLIGHTS


def test_large_files_are_streamed_and_stored_the_same(folder, monkeypatch):
    small = ingested(folder)
    monkeypatch.setattr("sluiceway.ingest.storing.HELD_BYTES", 0)
    monkeypatch.setattr(folder, "get", lambda key: pytest.fail(f"{key} was read whole"))
    assert ingested(folder).content_id == small.content_id


def test_a_large_file_that_changes_while_it_is_stored_is_refused_and_not_stored(folder, monkeypatch):
    monkeypatch.setattr("sluiceway.ingest.storing.HELD_BYTES", 0)
    objects, stream = ObstoreObjects.memory(), folder.stream
    reads = []

    def disturbed(key):
        reads.append(key)
        if reads.count("data/flights.csv") == 2:
            folder.put("data/flights.csv", FLIGHTS.replace(b"EWR", b"LGA"))
        return stream(key)

    monkeypatch.setattr(folder, "stream", disturbed)
    with pytest.raises(SourceError, match=r"data/flights\.csv changed while it was being stored; run again"):
        ingested(folder, objects=objects)
    sizes = [info.size_bytes for info in objects.list() if info.size_bytes == len(FLIGHTS)]
    assert sizes == []
