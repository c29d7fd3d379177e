"""Where a declaration was written: the file and the line of the project's code that made it."""

import sys
from dataclasses import dataclass
from pathlib import PurePath

OWN = __name__.partition(".")[0] + "."


@dataclass(frozen=True, slots=True)
class WrittenAt:
    """A file, relative to the folder that it was imported from, and a line in it, counted from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}"


def written_here() -> WrittenAt | None:
    """Find the line that is being run outside of this package; ``None`` where there is none, as at a prompt."""
    frame = sys._getframe(1)  # noqa: SLF001  (``inspect.currentframe`` is the same, and slow to import)
    while frame.f_back is not None and _is_own(str(frame.f_globals.get("__name__", ""))):
        frame = frame.f_back
    path = PurePath(frame.f_code.co_filename)
    return WrittenAt(_shortened(path), frame.f_lineno) if path.is_absolute() else None


def _is_own(module: str) -> bool:
    return module.startswith(OWN)


def _shortened(path: PurePath) -> str:
    folder = next((entry for entry in sys.path if entry and path.is_relative_to(entry)), None)
    return str(path.relative_to(folder) if folder else path)
