"""The metrics' folder: where the workers of one server count, and nothing that is left by servers which are gone."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK, HELD = "lock", "held"


@contextmanager
def metrics_folder(parent: Path, name: str) -> Iterator[Path]:
    """Lend an empty folder below another one, swept afterwards; first sweep the folders of servers that are gone.

    A folder is held by a lock in it, which the kernel frees when its server ends, however it ends.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with (parent / LOCK).open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # no folder is swept between being made and being held
        for left in parent.iterdir():
            if left.is_dir() and (left.name == name or not _is_held(left)):
                shutil.rmtree(left, ignore_errors=True)
        folder = parent / name
        folder.mkdir(exist_ok=True)
        held = os.open(folder / HELD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _is_held(folder: Path) -> bool:
    try:
        with (folder / HELD).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def count_in_place(place: int) -> None:
    """Let this process count in the files of its place among the workers, and go on from what they hold.

    By itself prometheus_client names them after the process: of a worker that is replaced again and again that leaves
    ever more files, and none can be merged away while another process may be reading it. Call it before the first
    metric is made.
    """
    from prometheus_client import values

    if getattr(values.ValueClass, "_multiprocess", False):
        values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]  # it has no types


def forget_gauges(folder: Path, place: int) -> None:
    """Let what a worker that is gone showed last be forgotten; what it counted stays."""
    for gauge in folder.glob(f"gauge_live*_{place}.db"):
        gauge.unlink(missing_ok=True)
