"""A moment that a command was given."""

from datetime import datetime

from sluiceway.core.errors import MisuseError
from sluiceway.core.moments import parse_moment


def moment_given(text: str, option: str) -> datetime:
    """Read the moment that an option was given.

    Raises:
        MisuseError: it is none.

    >>> moment_given("2026-01-04T09:00", "--as-of").hour
    9
    """
    try:
        return parse_moment(text)
    except ValueError:
        raise MisuseError(f"{option}: {text!r} is no moment; write it like 2026-01-04T09:00") from None
