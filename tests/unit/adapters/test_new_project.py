import fcntl
import os
from pathlib import Path

import pytest

from sluiceway.adapters.new_project import STAGED, clear_killed, write_project
from sluiceway.core.errors import LockedError, MisuseError

FILES = {"spec.yaml": "spec", "sql/a.sql": "sql", "pipeline.py": "code"}


@pytest.fixture
def data(tmp_path):
    (tmp_path / "rows.csv").write_text("id\n1\n")
    return tmp_path / "rows.csv"


def there(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("existing", [None, "empty", "other"])
def test_a_project_is_there_with_a_link_to_its_data(tmp_path, data, existing):
    folder = tmp_path / "deep" / "project"
    if existing:
        folder.mkdir(parents=True)
    if existing == "other":
        (folder / "notes.txt").write_text("mine")
    write_project(folder, FILES, links={"data/rows.csv": data})
    own = ["notes.txt"] if existing == "other" else []
    assert there(folder) == sorted([*FILES, "data/rows.csv", *own])
    assert (folder / "data/rows.csv").read_text() == "id\n1\n"
    assert not (folder / "data/rows.csv").readlink().is_absolute()
    assert list(tmp_path.rglob(f"{STAGED}*")) == []


@pytest.mark.parametrize("name", ["spec.yaml", "sql/a.sql", "pipeline.py", ".sluiceway/ledger.db", "data/rows.csv"])
def test_nothing_is_overwritten(tmp_path, data, name):
    folder = tmp_path / "project"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("mine")
    with pytest.raises(MisuseError, match="--into"):
        write_project(folder, FILES, links={"data/rows.csv": data})
    assert there(folder) == [name]
    assert (folder / name).read_text() == "mine"


def test_a_file_is_no_folder(data):
    with pytest.raises(MisuseError, match="is a file"):
        write_project(data, FILES, links={})


def test_what_cannot_be_put_is_taken_away_again(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    link = os.link

    def full(source, target, **settings):
        if target.name == "pipeline.py":
            raise OSError(28, "No space left on device")
        link(source, target, **settings)

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(MisuseError, match="No space"):
        write_project(folder, FILES, links={})
    assert there(folder) == ["notes.txt"]


def killed(folder, put):
    """What a call leaves that was killed when it had put these files in place."""
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    staging = folder / f"{STAGED}project-abc"
    for name, text in FILES.items():
        (staging / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).write_text(text)
    for name in put:
        (folder / name).parent.mkdir(exist_ok=True)
        os.link(staging / name, folder / name)
    return staging


@pytest.mark.parametrize("put", [[], ["spec.yaml"], ["spec.yaml", "sql/a.sql"]])
def test_what_a_killed_call_left_is_taken_away_by_the_next(tmp_path, put):
    folder = tmp_path / "project"
    killed(folder, put)
    write_project(folder, {**FILES, "spec.yaml": "new"}, links={})
    assert (folder / "spec.yaml").read_text() == "new"
    assert there(folder) == sorted([*FILES, "notes.txt"])


def test_a_users_own_file_of_the_same_name_is_no_leftover(tmp_path):
    folder = tmp_path / "project"
    killed(folder, [])
    (folder / "spec.yaml").write_text("mine")
    with pytest.raises(MisuseError):
        write_project(folder, FILES, links={})
    assert (folder / "spec.yaml").read_text() == "mine"


def test_what_another_call_is_writing_is_let_alone(tmp_path):
    folder = tmp_path / "project"
    descriptor = os.open(killed(folder, []), os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(LockedError, match="right now"):
            clear_killed(folder)
    finally:
        os.close(descriptor)


def test_a_project_that_is_whole_is_never_taken_away_again(tmp_path):
    folder = tmp_path / "project"
    staging = folder / f"{STAGED}project-killed"
    staging.mkdir(parents=True)
    for name in ("spec.yaml", "pipeline.py"):
        (staging / name).write_text("drafted")
        os.link(staging / name, folder / name)
    (folder / "pipeline.py").write_text("worked on")
    clear_killed(folder)
    assert there(folder) == ["pipeline.py", "spec.yaml"]
    assert (folder / "pipeline.py").read_text() == "worked on"


def test_an_empty_folder_stays_the_one_that_it_was(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    before = folder.stat().st_ino
    write_project(folder, FILES, links={})
    assert folder.stat().st_ino == before


def test_a_folder_that_cannot_be_made_is_refused_in_words():
    with pytest.raises(MisuseError, match="name another folder with --into"):
        write_project(Path("/proc/nope/x"), FILES, links={})
