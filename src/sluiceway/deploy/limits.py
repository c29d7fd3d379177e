"""Limits: how large and how slow a request may be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may take: bytes of its body, rows in it, and seconds until the body is there."""

    body_bytes: int = 4 * 1024 * 1024
    rows: int = 1_000
    body_s: float = 10.0
