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
from sluiceway.server import health
from sluiceway.server.body import BodyReader
from sluiceway.server.call import Call, Reply
from sluiceway.server.event_desk import EventDesk
from sluiceway.server.exchange import JSON, Incoming, Outgoing, outgoing
from sluiceway.server.options import ServingOptions
from sluiceway.server.refusal import Refusal
from sluiceway.server.response import refusal
from sluiceway.server.service import Service
from sluiceway.server.turns import Turns

PREDICT, EVENTS = "/predict", "/events/"
ACCEPTED = 202
READS = ("GET", "HEAD")
TEXT = "text/plain; version=0.0.4; charset=utf-8"
LONGEST_ID = 128
LARGE_BYTES = 32 * 1024
UNKNOWN_CALLER, NOT_ALLOWED, CLOSING = 401, 405, {401, 408, 413, 415, 503}
MOMENT = re.compile(r"[0-9]{1,17}")  # microseconds up to the year 5138


@dataclass(frozen=True, slots=True)
class _Page:
    """What GET answers; ``locked`` pages want the key."""

    make: Callable[[Service], tuple[int, bytes]]
    locked: bool = False
    kind: str = JSON


PAGES = {
    "/health": _Page(health.summary),
    "/health/live": _Page(health.live),
    "/health/ready": _Page(health.ready),
    "/metrics": _Page(lambda service: (200, service.metrics.text()), locked=True, kind=TEXT),
    "/rollout": _Page(health.rollout, locked=True),
}


class Routes:
    """Answers HTTP requests."""

    def __init__(
        self, service: Service, options: ServingOptions, wall_us: Callable[[], int], desk: EventDesk | None = None
    ) -> None:
        self._service = service
        self._desk = desk
        self._options = options
        self._wall_us = wall_us
        self._key = options.key
        self._bodies = BodyReader(options.limits)
        self._turns = Turns(service)
        self._prefix = token_hex(8)
        self._numbers = count()

    async def answer(self, request: Incoming) -> Outgoing:
        """Answer one HTTP request."""
        if request.path == PREDICT and request.method == "POST":
            return await self._predict(request)
        if request.path.startswith(EVENTS) and request.method == "POST":
            return await self._take(request)
        return self._page(request)

    async def _take(self, request: Incoming) -> Outgoing:
        """Take events; none of them is a request to predict, so the log and its metrics do not know of them."""
        request_id, is_read = self._request_id(request), False
        try:
            self._check_key(request)
            _check_coding(request)
            desk = self._open_desk()
            check = desk.check(request.path.removeprefix(EVENTS))
            body = await self._bodies.read(request)
            is_read = True
            key = request.header("idempotency-key")
            status, told = ACCEPTED, await desk.take(check, body, request_id, key=key)
        except Refusal as refused:
            status, told = refused.status, refusal(refused.message, request_id)
        self._service.metrics.count_event_request(status)
        return outgoing(status, told, request_id=request_id, more=() if is_read else _more(status))

    async def _predict(self, request: Incoming) -> Outgoing:
        request_id = self._request_id(request)
        body, refused = b"", None
        try:
            self._check_key(request)
            _check_coding(request)
            body = await self._bodies.read(request)
        except Refusal as error:
            refused = error
        if refused is not None and refused.status == UNKNOWN_CALLER:  # strangers do not fill the log
            self._service.metrics.count_stranger()
            reply = Reply(UNKNOWN_CALLER, refusal(refused.message, request_id))
        else:
            reply = await self._reply(request, request_id, body, refused)
        more = _more(reply.status) if refused is not None else ()
        return outgoing(reply.status, reply.body, request_id=request_id, more=more)

    def _open_desk(self) -> EventDesk:
        if self._desk is None:
            raise Refusal(404, "this server takes no events")
        return self._desk

    async def _reply(self, request: Incoming, request_id: str, body: bytes, refused: Refusal | None) -> Reply:
        service = self._service
        began_ns, arrival_us = perf_counter_ns(), self._wall_us()
        try:
            at_us = self._moment(request, arrival_us)
        except Refusal as error:
            at_us, refused = arrival_us, refused or error
        call = Call(request_id, arrival_us, at_us, began_ns)
        if refused is not None:
            return service.refuse(refused, call)
        if len(body) > LARGE_BYTES:  # other callers need not wait for a long one
            return await asyncio.to_thread(service.reply, body, call)
        return await self._turns.reply(body, call)

    def _page(self, request: Incoming) -> Outgoing:
        request_id, path = self._request_id(request), request.path
        try:
            page = self._found(path, request.method, request)
        except Refusal as refused:
            status, body, kind = refused.status, refusal(refused.message, request_id), JSON
        else:
            (status, body), kind = page.make(self._service), page.kind
        posted = path == PREDICT or path.startswith(EVENTS)
        more = _more(status, "POST" if posted else ", ".join(READS))
        return outgoing(status, body, request_id=request_id, kind=kind, more=more, empty=request.method == "HEAD")

    def _found(self, path: str, method: str, request: Incoming) -> _Page:
        page = PAGES.get(path)
        if page is None and path != PREDICT and not path.startswith(EVENTS):
            posted = f"POST {PREDICT} or {EVENTS}SOURCE"
            raise Refusal(404, f"there is nothing at {path}; {posted}, or GET {', '.join(PAGES)}")
        if page is None or method not in READS:
            allowed = "POST" if page is None else " and ".join(READS)
            raise Refusal(NOT_ALLOWED, f"{path} takes {allowed}, not {method}")
        if page.locked:
            self._check_key(request)
        return page

    def _request_id(self, request: Incoming) -> str:
        given = request.header("x-request-id")
        if 0 < len(given) <= LONGEST_ID and given.isprintable():
            return given
        return f"{self._prefix}{next(self._numbers):08x}"

    def _check_key(self, request: Incoming) -> None:
        if self._key is None:
            return
        scheme, _, token = request.header("authorization").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else request.header("x-api-key")
        if not hmac.compare_digest(given, self._key):
            raise Refusal(
                401, "the key is missing or wrong; send it as 'authorization: Bearer KEY' or 'x-api-key: KEY'"
            )

    def _moment(self, request: Incoming, arrival_us: int) -> int:
        """Tell what moment a request is answered for."""
        if self._options.scope != REHEARSAL:
            return arrival_us if self._options.as_of_us is None else self._options.as_of_us
        given = request.header("x-sluiceway-at")
        if not MOMENT.fullmatch(given):
            raise Refusal(
                400, "in a rehearsal every request says its moment: x-sluiceway-at, microseconds since 1970, UTC"
            )
        return int(given)


def _check_coding(request: Incoming) -> None:
    coding = request.header("content-encoding").strip().lower()
    if coding not in {"", "identity"}:
        raise Refusal(415, f"content-encoding {coding!r} is not supported; send the body uncompressed")


def _more(status: int, allowed: str = "") -> tuple[tuple[str, str], ...]:
    """Add the headers a status calls for; a body that was not read to its end ends with its connection."""
    more = [("connection", "close")] if status in CLOSING else []
    if status == UNKNOWN_CALLER:
        more.append(("www-authenticate", "Bearer"))
    if status == NOT_ALLOWED:
        more.append(("allow", allowed))
    return tuple(more)
