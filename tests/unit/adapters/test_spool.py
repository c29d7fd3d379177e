"""A spool's readers see nothing that a power cut could take back."""

from pathlib import Path

import pytest

from sluiceway.adapters import spool as module
from sluiceway.adapters.spool import Place, Spool


class Killed(BaseException):
    """What a writer meets where it is killed."""


class Disk:
    """What of a folder's files is on disk: their content when they were last synced, once the folder was as well."""

    def __init__(self, monkeypatch):
        self.files, self.named = {}, set()
        self.kills = False
        monkeypatch.setattr(module.os, "fsync", self.fsync)

    def fsync(self, descriptor):
        if self.kills:
            raise Killed
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            self.named |= {each for each in path.iterdir() if each.suffix == module.SUFFIX}
        else:
            self.files[path] = path.read_bytes()

    def lose_power(self, folder):
        for path in folder.glob(f"*{module.SUFFIX}"):
            if path in self.named and path in self.files:
                path.write_bytes(self.files[path])
            else:
                path.unlink()


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def append_killed(disk, folder, values):
    disk.kills = True
    with pytest.raises(Killed):
        Spool(folder).append(values)
    disk.kills = False


@pytest.mark.parametrize("before", [[], [b"a", b"b"]])
def test_what_was_read_outlasts_a_power_cut_although_its_writer_was_killed_before_it_synced(disk, tmp_path, before):
    Spool(tmp_path).append(before)
    append_killed(disk, tmp_path, [b"c", b"d"])
    values, place = Spool(tmp_path).read(Place(0, 0, 0), most=100)
    assert values == [*before, b"c", b"d"]
    disk.lose_power(tmp_path)
    assert Spool(tmp_path).end() == place.offset


def test_what_nobody_read_and_nobody_synced_may_be_gone_and_its_offsets_are_given_anew(disk, tmp_path):
    Spool(tmp_path).append([b"a"])
    reader = Spool(tmp_path)
    _, place = reader.read(Place(0, 0, 0), most=100)
    append_killed(disk, tmp_path, [b"b"])
    disk.lose_power(tmp_path)
    assert Spool(tmp_path).append([b"c"]) == place.offset == 1
    assert reader.read(place, most=100)[0] == [b"c"]


def test_a_segment_is_on_disk_whole_before_the_next_begins(disk, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SEGMENT_BYTES", 1)
    append_killed(disk, tmp_path, [b"a"])
    Spool(tmp_path).append([b"b"])
    Spool(tmp_path).append([b"c"])
    disk.lose_power(tmp_path)
    reader, place, read = Spool(tmp_path), Place(0, 0, 0), []
    for _ in range(4):
        values, place = reader.read(place, most=100)
        read += values
    assert read == [b"a", b"b", b"c"]
