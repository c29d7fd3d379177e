"""Watching: looking again and again, for the commands that take ``--watch``."""

import sys

from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError


def seconds(text: str) -> float:
    """Read ``--watch``.

    Raises:
        MisuseError: it is no duration.
    """
    try:
        return parse_duration(text).total_seconds()
    except ValueError as error:
        raise MisuseError(f"--watch: {error}") from None


def say(text: str) -> None:
    """Tell a person on standard error how it goes."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
