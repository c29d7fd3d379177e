"""Sweeping a folder of Delta tables: what versions hold in vain, and how it goes without harm to those that stay."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from sluiceway.adapters.delta_log import Commit, commits
from sluiceway.adapters.delta_seal import SEALS_FOLDER
from sluiceway.core.errors import SourceError
from sluiceway.ports.sweepable import STAGED, TABLE, Leftover

LOG_FOLDER = "_delta_log"


def table_folders(root: Path) -> list[Path]:
    """Find the folder of every table, also of one of which a kill left no log; sorted."""
    found = []
    for place, folders, files in os.walk(root):
        is_table = bool(files) or LOG_FOLDER in folders or SEALS_FOLDER in folders
        folders[:] = [] if is_table else folders
        found += [Path(place)] if is_table else []
    return sorted(found)


def leftovers_in(folder: Path, root: Path, is_kept: Callable[[str], bool]) -> Iterator[Leftover]:
    """Name the versions of a table that are not kept, and files that belong to none."""
    name = folder.relative_to(root).as_posix()
    versions = _versions(folder)
    kept = [commit for commit in versions if is_kept(_key(name, commit))]
    if not kept:
        yield from _all_of(folder, name, versions)
        return
    staying = {commit.content_id for commit in [*kept, versions[0]]}
    sizes = {commit.content_id: _bytes_of(commit.files) for commit in versions if commit.content_id not in staying}
    yield from (Leftover(f"{name}@{content}", size, TABLE) for content, size in sorted(sizes.items()) if size)
    yield from (Leftover(f"{name}/{path}", size, STAGED) for path, size in _astray(folder, versions))


def remove_from(folder: Path, root: Path, found: Sequence[Leftover]) -> None:
    """Remove what was named of one table: all of it with its folder, or single versions by Delta's own vacuum.

    Raises:
        SourceError: the folder cannot be written, or Delta refuses.
    """
    name = folder.relative_to(root).as_posix()
    versions = _versions(folder)
    going = {each.key for each in found if each.kind == TABLE}
    stray = [root / each.key for each in found if each.kind == STAGED and each.key.startswith(f"{name}/")]
    gone = [commit for commit in versions if _key(name, commit) in going]
    try:
        if folder / LOG_FOLDER in stray or (versions and len(gone) == len(versions)):
            _remove_all(folder)
            return
        for path in stray:
            path.unlink(missing_ok=True)
        if gone:
            staying = [commit.version for commit in versions if commit not in gone]
            _vacuum(folder, staying)
            for commit in gone:
                (folder / SEALS_FOLDER / f"{commit.content_id}.json").unlink(missing_ok=True)
    except OSError as error:
        raise SourceError(
            f"the table {folder} could not be swept: {error.strerror or error}; what is kept is whole; "
            "check the path and its rights, and sweep again"
        ) from error


def _versions(folder: Path) -> list[Commit]:
    """Return the versions that hold content, newest first: a vacuum's own log entries hold none."""
    return [commit for commit in commits(folder) if commit.content_id]


def _key(name: str, commit: Commit) -> str:
    return f"{name}@{commit.content_id}"


def _all_of(folder: Path, name: str, versions: Sequence[Commit]) -> Iterator[Leftover]:
    """Name every content of a table of which nothing is kept; the newest stands for its log and all else as well."""
    whole = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if not versions:
        yield Leftover(f"{name}/{LOG_FOLDER}", whole, STAGED)
        return
    sizes = {commit.content_id: _bytes_of(commit.files) for commit in versions}
    newest = versions[0].content_id
    sizes[newest] = whole - sum(size for content, size in sizes.items() if content != newest)
    yield from (Leftover(f"{name}@{content}", size, TABLE) for content, size in sorted(sizes.items()))


def _bytes_of(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.is_file())


def _astray(folder: Path, versions: Sequence[Commit]) -> Iterator[tuple[str, int]]:
    """Find what no version has: files of a write that was killed before its log entry, and drafts of seals."""
    known = {file for commit in versions for file in commit.files}
    seals = folder / SEALS_FOLDER
    drafts = [path for path in seals.iterdir() if path.suffix != ".json"] if seals.is_dir() else []
    own = {LOG_FOLDER, SEALS_FOLDER}
    folders = [folder, *(path for path in folder.iterdir() if path.is_dir() and path.name not in own)]  # months
    files = (path for each in folders for path in each.iterdir() if path.is_file())
    for path in [*(path for path in files if path not in known), *drafts]:
        yield path.relative_to(folder).as_posix(), path.stat().st_size


def _vacuum(folder: Path, staying: list[int]) -> None:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        table = DeltaTable(str(folder))
        table.vacuum(0, dry_run=False, enforce_retention_duration=False, keep_versions=staying)
    except DeltaError as error:
        raise SourceError(f"the table {folder} could not be swept: {error}; what is kept is whole") from error


def _remove_all(folder: Path) -> None:
    """Remove a table, its log first: without it nothing of the rest is ever read."""
    for path in (folder / LOG_FOLDER, folder):
        if path.is_dir():
            shutil.rmtree(path)
