"""Limits: how large and how slow a request may be, and how much all may hold at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may take: bytes of its body, rows or events in it, and seconds until it is there.

    ``waiting_bytes`` is the most that the bodies may have together that one process is reading.
    """

    body_bytes: int = 4 * 1024 * 1024
    rows: int = 1_000
    body_s: float = 10.0
    waiting_bytes: int = 256 * 1024 * 1024
    events: int = 10_000
