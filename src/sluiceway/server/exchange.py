"""Exchanges: an HTTP request as the routes see it, and the response they give, whatever server stands in between."""

from typing import NamedTuple, Protocol

JSON = "application/json"
GONE = 499  # nginx's number for a client that went before its answer


class Incoming(Protocol):
    """A request. ``method`` is in capitals; ``path`` is decoded, without the query."""

    @property
    def method(self) -> str:
        """What is to be done."""

    @property
    def path(self) -> str:
        """With what."""

    def header(self, name: str) -> str:
        """Return a header by its name in small letters; the empty text where there is none."""

    async def body(self, most_bytes: int) -> bytes:
        """Read the body whole.

        Raises:
            Refusal: 413 as soon as it is larger than ``most_bytes``, 499 when the caller goes away.
        """


class Outgoing(NamedTuple):
    """A response; ``headers`` are all but those that a server adds of its own, such as the date."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def outgoing(
    status: int,
    body: bytes,
    *,
    request_id: str,
    kind: str = JSON,
    more: tuple[tuple[str, str], ...] = (),
    empty: bool = False,
) -> Outgoing:
    """Make a response; ``empty`` leaves the body out, as HEAD wants it, and tells its length all the same."""
    headers = [("content-type", kind), ("content-length", str(len(body))), ("x-request-id", request_id), *more]
    return Outgoing(status, headers, b"" if empty else body)
