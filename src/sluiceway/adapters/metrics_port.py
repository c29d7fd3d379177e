"""A port where Prometheus reads the metrics of a command that runs for long."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from sluiceway.core.errors import MisuseError


def metrics_port(registry: CollectorRegistry, port: int | None) -> AbstractContextManager[None]:
    """Serve metrics at ``http://127.0.0.1:port/metrics`` meanwhile; nothing without a port.

    Raises:
        MisuseError: the port is taken, or is none.
    """
    return _served(registry, port)


@contextmanager
def _served(registry: CollectorRegistry, port: int | None) -> Iterator[None]:
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
    except (OSError, OverflowError) as error:
        raise MisuseError(f"metrics cannot be served at port {port}: {error}; choose another --metrics-port") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
