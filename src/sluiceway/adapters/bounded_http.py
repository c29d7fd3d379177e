"""Bounded HTTP: pages of bounded size and time, from one host, asked again where that may help."""

import json
from contextlib import suppress
from threading import Event, Timer
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, HTTPError, RequestException

from sluiceway.core.errors import SourceError

MOST_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 1 << 16
TIMES_THE_TIMEOUT = 10
LONGEST_PAUSE_S = 300
ATTEMPTS = 5
SHOWN = 120
FIRST_PAUSE_S = 1.0


class BoundedAdapter(HTTPAdapter):  # type: ignore[misc]
    """Reads a body whole before it hands an answer over, up to a size and for a time, so that a retry covers it."""

    def __init__(self, host: tuple[str, str | None, int | None], timeout_s: float, most_bytes: int) -> None:
        super().__init__()
        self._host = host
        self._timeout_s = timeout_s
        self._most_bytes = most_bytes

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Send a request to the one host, and read its answer.

        Raises:
            SourceError: the request would leave the host, the body is too large, or takes ten times the timeout.
        """
        if host_of(str(request.url)) != self._host:
            raise SourceError("the answer leads to another host, where its credentials do not belong; name that host")
        response = super().send(request, **{**kwargs, "stream": True, "timeout": self._timeout_s})
        response._content = self._body(response)  # noqa: SLF001  (requests knows no other way to hand a body over)
        return response

    def _body(self, response: Response) -> bytes:
        """Read a body; a server that sends a byte now and then is cut off by another thread."""
        late, limit_s, body = Event(), self._timeout_s * TIMES_THE_TIMEOUT, bytearray()

        def cut_off() -> None:
            late.set()
            with suppress(Exception):  # a body that ended at this very moment has no socket any more
                response.raw.shutdown()

        timer = Timer(limit_s, cut_off)
        timer.daemon = True
        timer.start()
        try:
            for chunk in response.iter_content(CHUNK_BYTES):
                body += chunk
                if len(body) > self._most_bytes:
                    raise SourceError(f"a page is larger than {self._most_bytes:,} bytes; ask for smaller pages")
        except RequestException:
            if not late.is_set():
                raise
        finally:
            timer.cancel()
            response.close()
        if late.is_set():
            raise SourceError(f"a page was not whole after {limit_s:g} s; raise timeout_s=, or ask for smaller pages")
        return bytes(body)


def bounded_session(
    url: str,
    *,
    timeout_s: float,
    attempts: int = ATTEMPTS,
    first_pause_s: float = FIRST_PAUSE_S,
    most_bytes: int = MOST_BYTES,
) -> Session:
    """Make a session for one host, that asks again after 429, 5xx, timeouts, and connections or bodies that broke.

    It waits twice as long each time, or as long as ``Retry-After`` says, 5 minutes at most.
    """
    from dlt.sources.helpers.requests import Client

    client = Client(
        request_timeout=timeout_s,
        raise_for_status=False,
        request_max_attempts=attempts,
        request_backoff_factor=first_pause_s,
        request_max_retry_delay=LONGEST_PAUSE_S,
    )
    session = client.session
    for scheme in ("http://", "https://"):
        session.mount(scheme, BoundedAdapter(host_of(url), timeout_s, most_bytes))
    return session


def host_of(url: str) -> tuple[str, str | None, int | None]:
    """Say where an address leads: scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def whole_answer(response: Response) -> object:
    """Return an answer's JSON. What may be better when asked again is raised as what the session asks again for.

    Raises:
        SourceError: it is another kind of answer, or the credentials are refused.
        HTTPError: the status is an error.
        ChunkedEncodingError: it says that it is JSON, but is cut short.
    """
    status, kind = response.status_code, response.headers.get("Content-Type", "no type")
    if status in {401, 403}:
        raise SourceError(f"it answered {status}; check auth= and the variables it takes its secret from")
    if not response.ok:
        raise HTTPError(f"it answered {status} {response.reason}: {_start_of(response.content)}", response=response)
    try:
        answer: object = json.loads(response.content)
    except ValueError:
        if "json" in kind:
            raise ChunkedEncodingError(f"it answered JSON that is cut short: …{response.content[-20:]!r}") from None
        said = f"it answered no JSON but {kind}: {_start_of(response.content)}"
        raise SourceError(f"{said}; check the address and auth=") from None
    return answer


def _start_of(content: bytes) -> str:
    text = " ".join(content[: SHOWN * 4].decode(errors="replace").split())
    return repr(text[:SHOWN])
