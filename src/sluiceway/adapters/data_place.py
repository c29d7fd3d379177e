"""The place of data: which local files a person means, and how a project will name them."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sluiceway.core.errors import MisuseError
from sluiceway.declare.files import FORMATS, OTHER_NAMES, PACKED, is_remote
from sluiceway.plans.file_pattern import WILD, fixed_part, matching

KINDS = "csv, tsv, parquet, jsonl, json or arrow, also packed as .gz, .zst or .zip"
LINKS = "data"


@dataclass(frozen=True, slots=True)
class DataPlace:
    """Files of one format: one file, or what a pattern names below a folder.

    ``root`` is that file or folder, absolute; ``rest`` the pattern below it, empty for one file.
    """

    given: str
    root: Path
    rest: str
    files: tuple[Path, ...]
    format: str

    def pattern_in(self, project: Path) -> tuple[str, str]:
        """Give the pattern that names the files from a project's folder, and the link that needs, if any.

        Raises:
            MisuseError: the path holds signs that a pattern takes for wild cards.
        """
        project = located(project)
        inside = self.root.is_relative_to(project)
        name = self.root.relative_to(project).as_posix() if inside else f"{LINKS}/{self.root.name or 'all'}"
        if WILD.search(name):
            raise MisuseError(
                f"{self.given}: {name!r} holds signs that a pattern takes for wild cards (* ? [ ]); give the file or "
                "folder another name"
            )
        pattern = "/".join(part for part in (name.removeprefix("."), self.rest) if part)
        return pattern.lstrip("/"), "" if inside else name

    def relative(self, path: Path) -> str:
        """Name one of the files below the root's own name, with the partitions on its way."""
        return path.relative_to(self.root.parent).as_posix()


def data_place(given: str) -> DataPlace:
    """Find the files that a path, a folder or a glob names.

    Raises:
        MisuseError: there are none, they are of several formats or of one that is not read, or they lie behind a URL.
    """
    if is_remote(given):
        raise MisuseError(
            f"{given}: a draft is made from local files; fetch one of them, and put the URL into sw.files afterwards"
        )
    path = located(given)
    if path.is_file():
        return DataPlace(given, path, "", (path,), format_of(path))
    if path.is_dir():
        return _below(given, path, "**/*")
    if not WILD.search(given):
        raise MisuseError(f"{given}: there is no such file or folder; check the path")
    folder = located(fixed_part(given).rpartition("/")[0] or ("/" if given.startswith("/") else "."))
    return _below(given, folder, given[len(fixed_part(given).rpartition("/")[0]) :].lstrip("/"))


def _below(given: str, root: Path, rest: str) -> DataPlace:
    is_glob = rest != "**/*"
    there = sorted(path for path in _walked(root) if is_glob or suffix_of(path))
    named = set(matching(rest, (path.relative_to(root).as_posix() for path in there)))
    files = tuple(path for path in there if path.relative_to(root).as_posix() in named)
    if not files:
        raise MisuseError(f"{given}: no file there that is {KINDS}; name one, a folder of them, or a glob in quotes")
    endings = Counter(spelled_suffix(path) for path in files)
    formats = {format_of(path) for path in files}
    if len(endings if not is_glob else formats) > 1:
        counted = ", ".join(f"{count} {ending or 'without one'}" for ending, count in endings.most_common())
        raise MisuseError(
            f"{given}: files with several endings lie there ({counted}); name those of one, as in "
            f"'{given.rstrip('/')}/*.csv'"
        )
    pattern = rest if is_glob else f"**/*{spelled_suffix(files[0])}"
    return DataPlace(given, root, pattern, files, formats.pop())


def _walked(root: Path) -> Iterable[Path]:
    """Walk the files below a folder, past hidden ones and environments; links are followed."""
    for folder, folders, names in os.walk(root, followlinks=True):
        here = Path(folder)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (here / name / "pyvenv.cfg").exists()
        )
        yield from (here / name for name in names if not name.startswith("."))


def spelled_suffix(path: Path) -> str:
    """Give the ending as it is written: patterns mind upper and lower case."""
    return path.name[len(path.name) - len(suffix_of(path)) :]


def suffix_of(path: Path) -> str:
    """Give the ending that tells format and packing, in lower case; empty where there is none that is read.

    >>> suffix_of(Path("a.b.CSV.gz"))
    '.csv.gz'
    """
    known = "|".join([*FORMATS, *OTHER_NAMES])
    found = re.search(rf"\.({known})(\.({'|'.join(PACKED)}))?$", path.name.lower())
    return found[0] if found else ""


def format_of(path: Path) -> str:
    """Read the format off a file's name.

    Raises:
        MisuseError: it is none that is read.
    """
    suffix = suffix_of(path)
    if not suffix:
        ending = "".join(path.suffixes[-2:]) or "no ending"
        raise MisuseError(
            f"{path.name}: its name must end as a file that is {KINDS}; it has {ending}. Rename or convert it"
        )
    word = suffix.split(".")[1]
    return OTHER_NAMES.get(word, word)


def located(path: str | Path) -> Path:
    """Give a path from the root, under its own name also where that is a link."""
    path = Path(path)
    return path.parent.resolve() / path.name if path.name not in {"", ".."} else path.resolve()
