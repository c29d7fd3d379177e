"""A seal on a table's version: the SHA-256 of each of its files, so that any other byte in them is noticed."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from sluiceway.adapters.delta_log import Commit
from sluiceway.core.errors import DamagedError

SEALS_FOLDER = "_sha256"


@dataclass(frozen=True, slots=True)
class Seal:
    """The version that holds a content, and its files' hashes by path below the table's folder, log entry included."""

    version: int
    files: dict[str, str]

    def broken(self, folder: Path, commit: Commit) -> str:
        """Hash the version's files again and name the first that is not what was sealed; nothing when all are."""
        names = _names(folder, commit)
        if names != sorted(self.files):
            return f"version {commit.version} has files other than were written"
        for name in names:
            try:
                if _sha256(folder / name) != self.files[name]:
                    return f"{name} has other bytes than were written"
            except OSError as error:
                return f"{name} cannot be read: {error}"
        return ""


def seal(folder: Path, commit: Commit) -> None:
    """Seal a version just written, or found to be whole, in place of any older version of the same content."""
    files = {name: _sha256(folder / name) for name in _names(folder, commit)}
    path = _path(folder, commit.content_id)
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("w") as text:
        json.dump({"version": commit.version, "files": files}, text)
        text.flush()
        os.fsync(text.fileno())
    draft.replace(path)


def seal_of(folder: Path, content_id: str) -> Seal | None:
    """Return the seal of a content; ``None`` when it was never written, or a kill came before the seal.

    Raises:
        DamagedError: the seal itself cannot be read.
    """
    path = _path(folder, content_id)
    try:
        found = json.loads(path.read_bytes())
        return Seal(int(found["version"]), dict(found["files"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"the seal {path} is damaged ({error})") from error


def _path(folder: Path, content_id: str) -> Path:
    return folder / SEALS_FOLDER / f"{content_id}.json"


def _names(folder: Path, commit: Commit) -> list[str]:
    entry = f"_delta_log/{commit.version:020}.json"
    return sorted([entry, *(file.relative_to(folder).as_posix() for file in commit.files)])


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
