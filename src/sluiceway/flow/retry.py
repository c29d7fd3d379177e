"""Retries: what may well succeed when tried again is tried again, ever more slowly."""

from collections.abc import Callable
from typing import TypeVar

from sluiceway.core.errors import TransientError

T = TypeVar("T")
ATTEMPTS = 4
FIRST_PAUSE_S = 0.5


def with_retries(
    call: Callable[[], T], *, sleep: Callable[[float], None], say: Callable[[str], None], attempts: int = ATTEMPTS
) -> T:
    """Call, and call again after 0.5, 1, 2 … seconds while a ``TransientError`` comes back.

    Raises:
        TransientError: the last attempt failed, too.
    """
    for attempt in range(attempts - 1):
        try:
            return call()
        except TransientError as error:
            pause_s = FIRST_PAUSE_S * 2**attempt
            say(f"{error}; trying again in {pause_s:g} s")
            sleep(pause_s)
    return call()
