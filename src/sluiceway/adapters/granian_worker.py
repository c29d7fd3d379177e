"""One worker of the server: an app behind granian, on a listening socket that it was handed."""

import asyncio
import importlib
import json
import signal
import sys
from collections.abc import Callable
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined]  # left out of granian's stubs
from granian.server.embed import Server

from sluiceway.adapters.lifeline import end_with_standard_input
from sluiceway.adapters.pulse import beat
from sluiceway.core.errors import MisuseError, SluicewayError

BACKLOG = 1024
CONNECTIONS = 4096
ERRORS = {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"}
MISUSE, COULD_NOT_JUDGE = 2, 3


class _Handed(Server):
    """Granian's embedded server on a socket that somebody else opened.

    By itself it would open its own with SO_REUSEPORT: then a second server on the same port would not be refused but
    given every second connection, and what waits for a worker would be lost with it.
    """

    descriptor: int

    def _init_shared_socket(self) -> None:
        holder: Any = SocketHolder
        self._ssp, self._shd = None, holder(self.descriptor, False, BACKLOG)


def serve_app(app: Any, descriptor: int, pulse: int, idle_ms: int) -> None:
    """Serve until SIGTERM; what is under way is answered, new connections are not taken."""
    server = _Handed(
        app,
        interface=Interfaces.RSGI if hasattr(app, "__rsgi__") else Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=idle_ms),
        websockets=False,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        log_level=LogLevels.error,
        log_dictconfig={"handlers": {"console": ERRORS, "access": ERRORS}},
    )
    server.descriptor = descriptor
    uvloop.run(_serve(server, pulse))


async def _serve(server: _Handed, pulse: int) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    beating = asyncio.create_task(beat(pulse))
    await server.serve()
    beating.cancel()


def app_of(factory: str, settings: dict[str, Any]) -> Any:
    """Call ``module:function`` with settings."""
    module, _, name = factory.partition(":")
    make: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return make(**settings)


def main() -> int:
    """Build the app that the arguments name, and serve it: see ``GranianServer``."""
    descriptor, pulse, idle_ms, factory, settings = sys.argv[1:]
    end_with_standard_input()
    try:
        app = app_of(factory, json.loads(settings))
    except SluicewayError as error:
        sys.stderr.write(f"error: {error}\n")
        return MISUSE if isinstance(error, MisuseError) else COULD_NOT_JUDGE
    serve_app(app, int(descriptor), int(pulse), int(idle_ms))
    return 0


if __name__ == "__main__":
    sys.exit(main())
