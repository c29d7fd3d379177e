"""The request log's schema: a record for each row that was asked about. Skew, drift and canaries read nothing else."""

from typing import Any

import msgspec

CHAMPION, CHALLENGER = "champion", "challenger"


class RequestRecord(msgspec.Struct, frozen=True, gc=False):
    """One row of one request.

    ``arrival`` is wall time and ``at`` the moment the prediction was made for (virtual in a rehearsal), both
    microseconds since the epoch, UTC. ``features`` is the vector that the model was given, by column; ``views`` holds,
    by view, ``[digest, written, known_through]`` of the value that was read (microseconds), ``None`` where there was
    none. ``arm`` is ``champion`` or ``challenger``: whose turn it was by the canary's share. ``version`` is who
    answered; with ``fallback`` the champion did because the challenger failed, as ``error`` says. ``latency_us`` is
    from the whole request to its answer, what waits before it included, and ``work_us`` the work on it alone, by which
    two models are compared. ``status`` is the HTTP status; a refused request has only ``error``.
    ``rival`` is what the champion would have said of a challenger's row, where features are left out and nobody can ask
    it later.
    """

    request_id: str
    row: int
    rows: int
    arrival: int
    at: int
    scope: str
    status: int
    latency_us: int
    work_us: int = 0
    arm: str = ""
    version: str = ""
    share: float = 0.0
    sequence: int = 0
    probability: float | None = None
    prediction: int | None = None
    fallback: bool = False
    error: str = ""
    key: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    features: dict[str, Any] = {}
    views: dict[str, tuple[str, int, int] | None] = {}
    rival: float | None = None
