"""The endpoint: a running server, as its callers see it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Question(NamedTuple):
    """One request: its body, and the virtual moment it is asked at (microseconds since the epoch)."""

    at: int
    body: bytes


class Answer(NamedTuple):
    """One response; ``status`` is 0 where none came."""

    status: int
    body: bytes


class Endpoint(Protocol):
    """Asks a server over HTTP. One caller at a time."""

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Ask all of them concurrently, and return the answers in order once every one is there."""

    def settle(self, sequence: int, *, wait_s: float = 20.0) -> None:
        """Return once the server answers by this rollout state. Raises ``TransientError`` when it does not in time."""
