"""A new project's folder: there as a whole or not at all, and nothing that was there is touched."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from sluiceway.adapters.data_place import located
from sluiceway.core.errors import LockedError, MisuseError

STAGED = ".sluiceway-init-"
STATE = ".sluiceway"


def write_project(folder: Path, files: Mapping[str, str], *, links: Mapping[str, Path]) -> None:
    """Write a project's files, and links to its data, into a folder.

    A folder that is new appears by one renaming. Into one that is there, which may hold the data, each file is put by a
    hard link, which never replaces anything, in the order given; what a killed call left of that is taken
    away first.

    Raises:
        MisuseError: something of that name is there, or the folder cannot be made.
        LockedError: another call writes there right now.
    """
    folder = located(folder)
    try:
        _write(folder, files, links)
    except OSError as error:
        raise MisuseError(f"{folder} cannot be written: {error.strerror}; name another folder with --into") from error


def _write(folder: Path, files: Mapping[str, str], links: Mapping[str, Path]) -> None:
    clear_killed(folder)
    require_free(folder, [*files, *links])
    with staged_beside(folder) as staging:
        for name, text in files.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).write_text(text, encoding="utf-8")
        for name, target in links.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).symlink_to(os.path.relpath(target, (folder / name).parent))
        if folder.is_dir():
            publish(staging, folder, [*links, *files])
        else:
            staging.chmod(0o777 & ~current_umask())
            staging.replace(folder)


def require_free(folder: Path, names: list[str]) -> None:
    """Refuse a folder where a file of the project would replace another.

    Raises:
        MisuseError: it is a file, or something of one of the names is there.
    """
    if folder.exists() and not folder.is_dir():
        raise MisuseError(f"{folder} is a file; name a new folder with --into")
    if (folder / STATE).exists():
        raise MisuseError(f"{folder} holds a Sluiceway project already ({STATE}); name a new folder with --into")
    there = [name for name in names if os.path.lexists(folder / name)]
    if there:
        raise MisuseError(
            f"{folder} has {', '.join(sorted(there))} already, and nothing is overwritten; name a new folder with "
            "--into"
        )


@contextmanager
def staged_beside(folder: Path) -> Iterator[Path]:
    """Give an empty folder on the same disk, locked while it is used, and gone afterwards."""
    where = folder if folder.is_dir() else folder.parent
    where.mkdir(parents=True, exist_ok=True)
    staging = Path(mkdtemp(prefix=f"{STAGED}{folder.name}-", dir=where))
    descriptor = os.open(staging, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield staging
    finally:
        os.close(descriptor)
        if staging.exists():
            shutil.rmtree(staging)


def publish(staging: Path, folder: Path, names: list[str]) -> None:
    """Put every staged file into a folder that holds others; take all away again where one cannot be put."""
    done: list[Path] = []
    try:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(staging / name, folder / name, follow_symlinks=False)
            done.append(folder / name)
    except BaseException:
        for path in done:
            path.unlink(missing_ok=True)
        raise


def clear_killed(folder: Path) -> None:
    """Take away what killed calls left: their staged files, and those of them that had been put in place.

    Raises:
        LockedError: the call that staged them is still at work.
    """
    for place in (folder, folder.parent):
        for staging in place.glob(f"{STAGED}{folder.name}-*"):
            require_unlocked(staging)
            staged = [path for path in staging.rglob("*") if path.is_symlink() or path.is_file()]
            put = [folder / path.relative_to(staging) for path in staged if is_put(path, staging, folder)]
            if len(put) < len(staged):  # all of them are a project, which may have been worked on since
                for path in put:
                    path.unlink()
            shutil.rmtree(staging)


def is_put(staged: Path, staging: Path, folder: Path) -> bool:
    """Whether a staged file stands in its place."""
    there = folder / staged.relative_to(staging)
    return os.path.lexists(there) and there.lstat().st_ino == staged.lstat().st_ino


def require_unlocked(staging: Path) -> None:
    """Refuse to touch what another call is still writing.

    Raises:
        LockedError: one is.
    """
    descriptor = os.open(staging, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockedError(f"another sluiceway init writes to {staging.parent} right now; wait for it") from None
    finally:
        os.close(descriptor)


def current_umask() -> int:
    """Read the process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
