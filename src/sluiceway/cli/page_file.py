"""A page written where a person asked for it."""

from pathlib import Path

from sluiceway.cli.watching import say
from sluiceway.core.errors import MisuseError


def write_page(path: Path, html: str) -> None:
    """Write a page into a file, whole or not at all, and say where it is.

    Raises:
        MisuseError: the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(html, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise MisuseError(f"--html {path}: the file cannot be written: {error.strerror}") from error
    say(f"page: {path}")
