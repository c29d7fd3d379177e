"""Digests: one canonical form for every value that is hashed."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

from sluiceway.core.moments import iso

LARGEST_WHOLE = 2**53


def plain(value: object) -> object:
    """Reduce dataclasses, enums and times to what JSON has; floats that JSON lacks become their names."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return plain_float(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=repr)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def plain_float(value: float) -> float | int | str:
    """Write whole floats as whole numbers, so that 180.0 and 180 are one value however they were read.

    Reference: RFC 8785, "JSON Canonicalization Scheme", section 3.2.2.3.
    """
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() and abs(value) <= LARGEST_WHOLE else value


def plain_fields(value: object) -> dict[str, object]:
    """Reduce a dataclass or a mapping to a dict of what JSON has.

    Raises:
        TypeError: the value has no fields.
    """
    reduced = plain(value)
    if not isinstance(reduced, dict):
        raise TypeError(f"{type(value).__name__} has no fields")
    return reduced


def canonical_json(value: object) -> bytes:
    r"""Encode so that equal values give equal bytes: sorted keys, no spaces, UTF-8.

    >>> canonical_json({"b": 1, "a": (2.5, None)})
    b'{"a":[2.5,null],"b":1}'
    >>> canonical_json(180.0) == canonical_json(180)
    True
    """
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def sha256_hex(data: bytes) -> str:
    """Hash bytes to 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: object) -> str:
    """Hash the canonical form of a value."""
    return sha256_hex(canonical_json(value))
