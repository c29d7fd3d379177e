"""``sluiceway init``: a project from data, with the questions that the data cannot answer."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sluiceway.cli.answer import print_json, print_lines

if TYPE_CHECKING:
    from sluiceway.cli.init_story import Begun
    from sluiceway.start.draft import Wishes


def init(
    data: Annotated[str, Parameter(help="A file of rows, a folder of such files, or a glob in quotes.")],
    *,
    target: Annotated[str, Parameter(help='A column of two values, or a condition such as "delay > 30".')],
    time: Annotated[
        str | None, Parameter(help="The column that tells when a row is asked about; else guessed.")
    ] = None,
    entity: Annotated[str | None, Parameter(help="The column that tells whose history matters; else guessed.")] = None,
    into: Annotated[
        Path | None, Parameter(name=["--into", "--project"], help="The project's folder; else named after the data.")
    ] = None,
    json: Annotated[bool, Parameter(help="Print JSON for scripts.", negative=())] = False,
) -> int:
    """Look at data, and write a project that runs, with its open questions marked."""
    from sluiceway.cli.init_story import begun_json, begun_lines
    from sluiceway.start.draft import Wishes, stem

    folder = into if into is not None else Path(stem(data))
    begun = begin(data, folder, Wishes(target, time, entity, owner()))
    if json:
        print_json(begun_json(begun))
    else:
        print_lines(*begun_lines(begun))
    return 0


def begin(data: str, folder: Path, wishes: "Wishes") -> "Begun":
    """Draft a project from data, and write it into a folder.

    Raises:
        MisuseError: the data cannot be used as asked, or the folder holds something already.
        SourceError: the data cannot be read.
    """
    from sluiceway.adapters.data_place import data_place
    from sluiceway.adapters.duckdb_engine import DuckdbEngine
    from sluiceway.adapters.new_project import clear_killed, require_free, write_project
    from sluiceway.adapters.sampled_files import sampled
    from sluiceway.cli.init_story import Begun
    from sluiceway.core.moments import SystemClock
    from sluiceway.start.draft import drafted
    from sluiceway.start.project_text import project_files
    from sluiceway.start.questions_of import questions_of

    engine, place = DuckdbEngine(), data_place(data)
    clear_killed(folder)
    require_free(folder, ["pipeline.py", "spec.yaml"])
    pattern, link = place.pattern_in(folder)
    with telling() as progress:
        draft = drafted(sampled(place, pattern, progress=progress), wishes, engine=engine, progress=progress)
        questions = questions_of(draft)
        files = project_files(draft, questions, engine=engine, now=SystemClock().now(), progress=progress)
        write_project(folder, files, links={link: place.root} if link else {})
    return Begun(folder, draft, questions, files, link)


@contextmanager
def telling() -> "Iterator[Told]":
    """Tell progress for as long as the block lasts, whatever ends it."""
    told = Told()
    try:
        yield told
    finally:
        told.end()


class Told:
    """Progress in lines on standard error; on a terminal the next takes the place of the one before."""

    def say(self, text: str) -> None:
        """Tell what is being done now."""
        sys.stderr.write(f"\r\x1b[K  {text}" if sys.stderr.isatty() else f"  {text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Take the last line away."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")

    def advance(self, done: int, total: int) -> None:
        """Say nothing: each step is told when it begins."""


def owner() -> str:
    """Name who runs this, as the first to ask about the model; nobody where the system does not tell."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
