"""Routes: which path answers what, who may ask, and what a caller reads when something is wrong."""

import asyncio
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from secrets import token_hex
from time import perf_counter_ns

from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.deploy import health
from sluiceway.deploy.asgi import GONE, JSON, Headers, Receive, Scope, Send, respond
from sluiceway.deploy.body import BodyReader
from sluiceway.deploy.options import ServingOptions
from sluiceway.deploy.refusal import Refusal
from sluiceway.deploy.response import refusal
from sluiceway.deploy.service import Call, Reply, Service

PREDICT = "/predict"
READS = ("GET", "HEAD")
TEXT = b"text/plain; version=0.0.4; charset=utf-8"
LONGEST_ID = 128
LARGE_BYTES = 32 * 1024
UNKNOWN_CALLER, NOT_ALLOWED, CLOSING = 401, 405, {401, 408, 413}
MOMENT = re.compile(rb"\d{1,17}")  # microseconds up to the year 5138


@dataclass(frozen=True, slots=True)
class _Page:
    """What GET answers; ``locked`` pages want the key."""

    make: Callable[[Service], tuple[int, bytes]]
    locked: bool = False
    kind: bytes = JSON


PAGES = {
    "/health": _Page(health.summary),
    "/health/live": _Page(health.live),
    "/health/ready": _Page(health.ready),
    "/metrics": _Page(lambda service: (200, service.metrics.text()), locked=True, kind=TEXT),
    "/rollout": _Page(health.rollout, locked=True),
}


class Routes:
    """Answers HTTP requests."""

    def __init__(self, service: Service, options: ServingOptions, wall_us: Callable[[], int]) -> None:
        self._service = service
        self._options = options
        self._wall_us = wall_us
        self._key = options.key.encode() if options.key else None
        self._bodies = BodyReader(options.limits)
        self._prefix = token_hex(8)
        self._numbers = count()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        headers: Headers = dict(scope["headers"])
        path, method = scope["path"], scope["method"]
        if path == PREDICT and method == "POST":
            await self._predict(headers, receive, send)
        else:
            await self._page(path, method, headers, send)

    async def _predict(self, headers: Headers, receive: Receive, send: Send) -> None:
        request_id = self._request_id(headers)
        body, refused = b"", None
        try:
            self._check_key(headers)
            body = await self._bodies.read(receive, headers)
        except Refusal as error:
            refused = error
        if refused is not None and refused.status == UNKNOWN_CALLER:  # strangers do not fill the log
            self._service.metrics.count_request(UNKNOWN_CALLER, 0.0)
            reply = Reply(UNKNOWN_CALLER, refusal(refused.message, request_id))
        else:
            reply = await self._reply(headers, request_id, body, refused)
        if reply.status != GONE:
            await respond(send, reply.status, reply.body, request_id=request_id.encode(), more=_more(reply.status))

    async def _reply(self, headers: Headers, request_id: str, body: bytes, refused: Refusal | None) -> Reply:
        service = self._service
        began_ns, arrival_us = perf_counter_ns(), self._wall_us()
        try:
            at_us = self._moment(headers, arrival_us)
        except Refusal as error:
            at_us, refused = arrival_us, refused or error
        call = Call(request_id, arrival_us, at_us, began_ns)
        try:
            if refused is not None:
                return service.refuse(refused, call)
            if len(body) > LARGE_BYTES:  # other callers need not wait for a long one
                return await asyncio.to_thread(service.reply, body, call)
            return service.reply(body, call)
        except Exception as error:  # noqa: BLE001 - whatever it is, its caller reads no traceback
            return service.stumble(error, call)

    async def _page(self, path: str, method: str, headers: Headers, send: Send) -> None:
        request_id = self._request_id(headers)
        try:
            page = self._found(path, method, headers)
        except Refusal as refused:
            status, body, kind = refused.status, refusal(refused.message, request_id), JSON
        else:
            (status, body), kind = page.make(self._service), page.kind
        more = _more(status, "POST" if path == PREDICT else ", ".join(READS))
        await respond(send, status, body, request_id=request_id.encode(), kind=kind, more=more, empty=method == "HEAD")

    def _found(self, path: str, method: str, headers: Headers) -> _Page:
        page = PAGES.get(path)
        if page is None and path != PREDICT:
            raise Refusal(404, f"there is nothing at {path}; POST {PREDICT}, or GET {', '.join(PAGES)}")
        if page is None or method not in READS:
            allowed = "POST" if page is None else " and ".join(READS)
            raise Refusal(NOT_ALLOWED, f"{path} takes {allowed}, not {method}")
        if page.locked:
            self._check_key(headers)
        return page

    def _request_id(self, headers: Headers) -> str:
        given = headers.get(b"x-request-id", b"")
        if 0 < len(given) <= LONGEST_ID and given.isascii():
            text = given.decode()
            if text.isprintable():
                return text
        return f"{self._prefix}{next(self._numbers):08x}"

    def _check_key(self, headers: Headers) -> None:
        if self._key is None:
            return
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        given = token.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"")
        if not hmac.compare_digest(given, self._key):
            raise Refusal(
                401, "the key is missing or wrong; send it as 'authorization: Bearer KEY' or 'x-api-key: KEY'"
            )

    def _moment(self, headers: Headers, arrival_us: int) -> int:
        """Tell what moment a request is answered for."""
        if self._options.scope != REHEARSAL:
            return arrival_us if self._options.as_of_us is None else self._options.as_of_us
        given = headers.get(b"x-sluiceway-at", b"")
        if not MOMENT.fullmatch(given):
            raise Refusal(
                400, "in a rehearsal every request says its moment: x-sluiceway-at, microseconds since 1970, UTC"
            )
        return int(given)


def _more(status: int, allowed: str = "") -> list[tuple[bytes, bytes]]:
    """Add the headers a status calls for; a body that was not read to its end ends with its connection."""
    more = [(b"connection", b"close")] if status in CLOSING else []
    if status == UNKNOWN_CALLER:
        more.append((b"www-authenticate", b"Bearer"))
    if status == NOT_ALLOWED:
        more.append((b"allow", allowed.encode()))
    return more
