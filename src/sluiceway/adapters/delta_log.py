"""A Delta table's log, as far as finding content in it needs: read without loading deltalake, which takes longer."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from sluiceway.core.errors import DamagedError

CONTENT_KEY = "sluiceway.content"
COMMIT_NAME = re.compile(r"(\d{20})\.json")


@dataclass(frozen=True, slots=True)
class Commit:
    """One version: the content id written with it, and its files' sizes in bytes by path."""

    version: int
    content_id: str
    files: dict[Path, int]

    @property
    def is_whole(self) -> bool:
        """Whether every file is there at its full size; what is in them is not looked at."""
        return all(file.is_file() and file.stat().st_size == size for file, size in self.files.items())


def commits(folder: Path) -> Iterator[Commit]:
    """Yield a table's versions, newest first; none when there is no such table.

    Every version replaces all rows, so that the files it adds are the files it has.

    Raises:
        DamagedError: an entry of the log cannot be read.
    """
    log = folder / "_delta_log"
    names = sorted(entry.name for entry in log.iterdir()) if log.is_dir() else []
    for name in reversed(names):
        if found := COMMIT_NAME.fullmatch(name):
            yield _commit(log / name, int(found[1]))


def commit_at(folder: Path, locator: str) -> Commit | None:
    """Return the version a locator names, if it names one."""
    file = folder / "_delta_log" / f"{locator:0>20}.json"
    return _commit(file, int(locator)) if locator.isdigit() and file.is_file() else None


def _commit(file: Path, version: int) -> Commit:
    try:
        actions = [json.loads(line) for line in file.read_text().splitlines()]
        content = next((action["commitInfo"].get(CONTENT_KEY, "") for action in actions if "commitInfo" in action), "")
        added = [action["add"] for action in actions if "add" in action]
        sizes = [(unquote(add["path"]), add["size"]) for add in added]
        if any("/" in path for path, _ in sizes):  # by months, which Delta adds in any order
            sizes.sort()
        return Commit(version, content, {file.parent.parent / path: size for path, size in sizes})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(
            f"the table log entry {file} is damaged ({error}); restore it from a copy, or remove the folder "
            f"{file.parent.parent} and make its newest version anew: sluiceway run --again ingest, or features"
        ) from error
