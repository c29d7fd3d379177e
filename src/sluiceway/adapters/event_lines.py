"""Event lines: a file of JSON lines, plain or compressed by gzip, line by line."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from sluiceway.core.errors import MisuseError


def event_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a file that are not blank, with their numbers from 1.

    Raises:
        MisuseError: it cannot be read, or is no whole gzip file though its name says so.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.strip()
    except (OSError, EOFError, zlib.error) as error:
        raise MisuseError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
