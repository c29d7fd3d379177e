"""The app: the service as RSGI, for granian, and as ASGI, for any server that speaks it.

``serving_app(objects, online, log, options, progress=...)`` makes it:

* ``objects``: the ``ObjectStore`` that holds the board and the bundles;
* ``online``: the ``OnlineStore`` that features are read from;
* ``log``: the ``RequestLog`` that is written before a request is answered;
* ``options``: ``ServingOptions``, plain values: scope, key, as-of, limits, how often the board is looked at;
* ``sink``: the ``EventSink`` that events are added to;
* ``progress``: where the server tells what it does, a line at a time; by default nowhere.

The state is loaded when the lifespan starts, and the board is watched until it ends. Without a lifespan,
``app.watch.look()`` loads it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import time_ns

from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.online.reader import OnlineReader
from sluiceway.ports.event_sink import EventSink
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.online_store import OnlineStore
from sluiceway.ports.progress import Progress, Silence
from sluiceway.ports.request_log import RequestLog
from sluiceway.server.asgi import AsgiIncoming, Receive, Scope, Send, send_outgoing
from sluiceway.server.board import Board
from sluiceway.server.board_watch import BoardWatch
from sluiceway.server.event_desk import EventDesk
from sluiceway.server.guarded_reader import GuardedReader, StoreGuard
from sluiceway.server.loading import Loader
from sluiceway.server.metrics import Metrics
from sluiceway.server.options import ServingOptions
from sluiceway.server.routes import Routes
from sluiceway.server.rsgi import RsgiIncoming, RsgiProtocol, RsgiScope, respond
from sluiceway.server.service import Service

DEFAULTS = ServingOptions()


def wall_clock_us() -> int:
    """Read the machine's clock: microseconds since 1970, UTC."""
    return time_ns() // 1000


class ServingApp:
    """An application of ASGI and of RSGI: HTTP, and the board that is watched while it lives."""

    def __init__(self, service: Service, watch: BoardWatch, routes: Routes) -> None:
        self.service = service
        self.watch = watch
        self._routes = routes
        self._watching: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection's worth of ASGI."""
        if scope["type"] == "http":
            await send_outgoing(await self._routes.answer(AsgiIncoming(scope, receive)), send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def __rsgi__(self, scope: RsgiScope, protocol: RsgiProtocol) -> None:
        """Answer one request of RSGI."""
        respond(await self._routes.answer(RsgiIncoming(scope, protocol)), protocol)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Load the state before the first request, and begin to watch."""
        self.watch.look()
        self._watching = loop.create_task(self.watch.run())

    def __rsgi_del__(self, _: asyncio.AbstractEventLoop) -> None:
        """Watch no longer."""
        if self._watching is not None:
            self._watching.cancel()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await asyncio.to_thread(self.watch.look)
                self._watching = asyncio.create_task(self.watch.run())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._stop_watching()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching


def serving_app(
    objects: ObjectStore,
    online: OnlineStore,
    log: RequestLog,
    options: ServingOptions = DEFAULTS,
    *,
    progress: Progress | None = None,
    sink: EventSink | None = None,
    wall_us: Callable[[], int] = wall_clock_us,
) -> ServingApp:
    """Make the app of one server process; without a ``sink`` it takes no events."""
    metrics, told = Metrics(), progress or Silence()
    guard = StoreGuard(
        online,
        metrics,
        told,
        answers_without=options.answers_without_store,
        looks_for_views=options.expects_views,
    )

    def reader_of(contract: ServingContract) -> GuardedReader:
        return GuardedReader(OnlineReader(contract.views, online, now_us=wall_us), contract.views, guard)

    loader = Loader(objects, reader_of, options.limits)
    service = Service(loader, log=log, metrics=metrics, scope=options.scope, progress=told, guard=guard)
    watch = BoardWatch(Board(objects, options.scope), service, every_s=options.look_every_s)
    desk = None
    service.is_ready_alone = options.is_ready_alone and sink is not None
    if sink is not None:
        desk = EventDesk(objects, sink, limits=options.limits, metrics=metrics, progress=told)
    return ServingApp(service, watch, Routes(service, options, wall_us, desk))
