"""Calls and replies: one request as the service sees it."""

from time import perf_counter_ns
from typing import NamedTuple


class Call(NamedTuple):
    """One call: its id, when it was whole (wall time), and the moment it is answered for; microseconds since 1970.

    ``began_ns`` is when it was whole by the clock that measures durations, in nanoseconds.
    """

    request_id: str
    arrival_us: int
    at_us: int
    began_ns: int

    def latency_us(self) -> int:
        """Measure how long it has taken so far."""
        return (perf_counter_ns() - self.began_ns) // 1000


class Reply(NamedTuple):
    """An HTTP status and a JSON body."""

    status: int
    body: bytes
