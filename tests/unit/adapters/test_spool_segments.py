"""Segments of a spool go from the oldest on, up to where somebody reads; the last always stays."""

import pytest

from sluiceway.adapters import spool
from sluiceway.adapters.spool import Spool
from sluiceway.adapters.spool_segments import SpoolSegments
from sluiceway.core.errors import SourceError
from sluiceway.flow.sweeping import Keeper


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Five segments of two messages each, beside a topic with one."""
    monkeypatch.setattr(spool, "SEGMENT_BYTES", 20)
    for number in range(10):
        Spool(tmp_path / "landings").append([b"message %d" % number])
    Spool(tmp_path / "rides").append([b"message"])
    return tmp_path


def kept(folder):
    return [int(path.stem) for path in sorted((folder / "landings").glob("*.seg"))]


@pytest.mark.parametrize(("upto", "stay"), [(0, [0, 2, 4, 6, 8]), (3, [2, 4, 6, 8]), (4, [4, 6, 8]), (99, [8])])
def test_what_is_read_stays(folder, upto, stay):
    assert kept(folder) == [0, 2, 4, 6, 8]
    segments = SpoolSegments(folder)
    found = segments.leftovers(Keeper(frozenset(), read_upto={"landings": upto, "rides": 99}).keeps)
    assert sum(each.size_bytes for each in found) == (5 - len(stay)) * 2 * (8 + len("message 0"))
    segments.remove(found)
    segments.remove(found)
    assert kept(folder) == stay
    place = Spool(folder / "landings").find(max(upto, 8) if upto < 10 else 8)
    assert Spool(folder / "landings").read(place, most=9)[0][-1] == b"message 9"
    assert Spool(folder / "landings").append([b"more"]) == 10


def test_a_topic_of_which_nobody_knows_who_reads_it_stays(folder):
    assert SpoolSegments(folder).leftovers(Keeper(frozenset()).keeps) == []


def test_what_the_disk_refuses_is_said(folder, monkeypatch):
    found = SpoolSegments(folder).leftovers(lambda key: "rides" in key)

    def refuse(*_args, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    with pytest.raises(SourceError, match="cannot be removed"):
        SpoolSegments(folder).remove(found)
