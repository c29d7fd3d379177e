"""How many examples property tests draw: few at each change, many times as many with ``make test-thorough``."""

import os

TIMES = int(os.environ.get("THOROUGH", "1"))


def examples(count: int) -> int:
    """How many to draw now, where so many are enough for each change."""
    return count * TIMES
