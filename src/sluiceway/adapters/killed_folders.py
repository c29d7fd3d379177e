"""What killed runs left beside the stores: their scratch places and the folders of their rehearsals."""

import fcntl
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from sluiceway.core.errors import SourceError
from sluiceway.ports.sweepable import STAGED, Leftover

PATTERNS = ("scratch-*", "rehearsal-*")


def is_in_use(folder: Path) -> bool:
    """Whether a process that goes holds a lock on a folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class KilledFolders:
    """The folders that a run makes for itself and removes when it ends. While no run goes, each is a leftover."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:  # noqa: ARG002  (nothing needs them)
        """Name every such folder."""
        folders = [path for pattern in PATTERNS for path in self._state.glob(pattern) if path.is_dir()]
        folders = [path for path in folders if not is_in_use(path)]
        sizes = [sum(each.stat().st_size for each in path.rglob("*") if each.is_file()) for path in folders]
        return sorted(
            (Leftover(path.name, size, STAGED) for path, size in zip(folders, sizes, strict=True)),
            key=lambda found: found.key,
        )

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what was named."""
        for each in found:
            try:
                shutil.rmtree(self._state / each.key)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise SourceError(f"{self._state / each.key} cannot be removed: {error.strerror}") from error
