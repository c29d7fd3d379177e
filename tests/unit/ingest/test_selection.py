"""A source's files are found, and identified, as they lie there now."""

import hashlib

from tests.ingested_projects import FLIGHTS, WEATHER, ingested

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.declare.files import files
from sluiceway.ingest.diff import difference
from sluiceway.ingest.selection import file_identity, selected


def stored(**contents):
    store = ObstoreObjects.memory()
    for path, data in contents.items():
        store.put(path, data)
    return store


def test_files_are_identified_by_path_and_hash_below_the_limit():
    store = stored(**{"data/b.csv": b"2", "data/a.csv": b"1", "other.csv": b"3"})
    assert file_identity(files("data/*.csv"), store=store) == [
        ["data/a.csv", hashlib.sha256(b"1").hexdigest()],
        ["data/b.csv", hashlib.sha256(b"2").hexdigest()],
    ]


def test_from_the_limit_on_files_are_identified_by_size_and_tag(monkeypatch):
    monkeypatch.setattr("sluiceway.ingest.selection.REHASH_BELOW_BYTES", 1)
    store = stored(**{"a.csv": b"1"})
    [[path, size, tag]] = before = file_identity(files("a.csv"), store=store)
    assert (path, size) == ("a.csv", 1)
    assert tag
    store.put("a.csv", b"2")
    assert file_identity(files("a.csv"), store=store) != before


def test_no_file_is_an_empty_identity():
    assert file_identity(files("data/*.csv"), store=stored(**{"a.csv": b"1"})) == []


def test_a_file_whose_name_is_a_pattern_is_found_by_its_name():
    store = stored(**{"data/flights [1].csv": b"1", "data/flights 1.csv": b"2"})
    assert [info.key for info in selected("data/flights [1].csv", store=store)] == [
        "data/flights 1.csv",
        "data/flights [1].csv",
    ]


def test_of_many_bytes_only_what_changed_is_read_again(folder, monkeypatch):
    monkeypatch.setattr("sluiceway.ingest.selection.REHASH_BELOW_BYTES", 1)
    objects = ObstoreObjects.memory()
    before = ingested(folder, objects=objects)
    changed = "data/weather 1 ü.csv"
    folder.put(changed, WEATHER[1].replace(b"2.5", b"3.5"))
    asked, get = [], folder.get
    monkeypatch.setattr(folder, "get", lambda key: asked.append(key) or get(key))
    after = ingested(folder, objects=objects, earlier=[before])
    assert asked == [changed]
    assert difference(before, after).changed == (changed,)
    assert ingested(folder, objects=objects).content_id == after.content_id


def test_a_file_whose_object_was_touched_since_is_read_again(folder, monkeypatch):
    monkeypatch.setattr("sluiceway.ingest.selection.REHASH_BELOW_BYTES", 1)
    objects = ObstoreObjects.memory()
    before = ingested(folder, objects=objects)
    objects.put(before.files[0].object_key, FLIGHTS.replace(b"EWR", b"EVR"))
    ingested(folder, objects=objects, earlier=[before])
    assert objects.get(before.files[0].object_key) == FLIGHTS
