"""What killed runs left beside the stores: their scratch places and the folders of their rehearsals."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from sluiceway.core.errors import SourceError
from sluiceway.ports.sweepable import STAGED, Leftover

PATTERNS = ("scratch-*", "rehearsal-*")


class KilledFolders:
    """The folders that a run makes for itself and removes when it ends. While no run goes, each is a leftover."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:  # noqa: ARG002  (nothing needs them)
        """Name every such folder."""
        folders = [path for pattern in PATTERNS for path in self._state.glob(pattern) if path.is_dir()]
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
