"""Standard output kept for the answer: what a project's own code prints goes to standard error."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stdout_aside() -> Iterator[None]:
    """Send whatever is printed meanwhile to standard error, also by libraries that write past Python."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
