"""Derived keys: what every store of derived tables accepts, and refuses, alike."""

import re

from sluiceway.core.errors import MisuseError

ALLOWED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9][A-Za-z0-9_.-]{0,99})*(@[0-9a-f]{64})?")


def checked_key(key: str) -> str:
    """Refuse a key that is no plain relative path, with or without a content id behind it.

    Raises:
        MisuseError: it has other characters, empty parts, or a part that starts with a dot.
    """
    if not ALLOWED.fullmatch(key):
        raise MisuseError(
            f"{key!r} is not a derived table's key; write letters, digits, '_', '-', '.', in parts joined by '/', then "
            "if need be '@' and a content id"
        )
    return key
