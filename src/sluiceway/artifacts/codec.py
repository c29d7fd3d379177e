"""Artifacts to JSON and back, strictly typed."""

from typing import TypeVar

import msgspec

A = TypeVar("A")


def encode(artifact: object) -> bytes:
    """Write an artifact as JSON; floats that JSON lacks are refused by ``decode``, so artifacts hold ``None``."""
    return msgspec.json.encode(artifact, order="deterministic")


def decode(kind: type[A], data: bytes) -> A:
    """Read an artifact back as its own type.

    Raises:
        msgspec.ValidationError: the bytes are no such artifact.
    """
    return msgspec.json.decode(data, type=kind)
