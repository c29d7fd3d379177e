"""A real S3 server on a loopback port, a lake in it, and a wire to it that can be cut."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

import obstore
from obstore.store import S3Store

from sluiceway.adapters.remote_places import RemotePlaces

PATIENCE_S = 60
OPTIONS = {"region": "us-east-1", "access_key_id": "${LAKE_KEY}", "secret_access_key": "${LAKE_SECRET}"}
ENVIRONMENT = {"LAKE_KEY": "key-of-the-lake", "LAKE_SECRET": "secret-of-the-lake"}


@dataclass
class Lake:
    """A bucket of its own on the server, behind ``endpoint``."""

    endpoint: str
    bucket: str

    @property
    def root(self) -> str:
        return f"s3://{self.bucket}"

    def places(self, endpoint: str | None = None, **options: object) -> RemotePlaces:
        """What opens the bucket, by default at the server itself."""
        given = {**OPTIONS, "endpoint": endpoint or self.endpoint, **options}
        return RemotePlaces({self.root: given}, ENVIRONMENT)

    def store(self) -> S3Store:
        return self.places().open(self.root)

    def put(self, key: str, data: bytes) -> None:
        obstore.put(self.store(), key, data)

    def delete(self, key: str) -> None:
        obstore.delete(self.store(), key)


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


@contextmanager
def s3_server() -> Iterator[str]:
    """Run the server in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not answers(endpoint):
            assert process.poll() is None, "the S3 server ended"
            assert time.monotonic() < deadline, "the S3 server does not answer"
            time.sleep(0.1)
        yield endpoint
    finally:
        process.kill()
        process.wait()


def answers(endpoint: str) -> bool:
    try:
        with urlopen(f"{endpoint}/moto-api/", timeout=5):
            return True
    except (URLError, OSError):
        return False


def new_lake(endpoint: str, bucket: str) -> Lake:
    with urlopen(Request(f"{endpoint}/{quote(bucket)}", method="PUT"), timeout=PATIENCE_S):
        return Lake(endpoint, bucket)


def require_known_keys(endpoint: str, *, after: str) -> None:
    """Refuse keys that the server never gave out, after so many more requests; ``inf`` takes all again."""
    request = Request(f"{endpoint}/moto-api/reset-auth", data=after.encode(), headers={"Content-Type": "text/plain"})
    with urlopen(request, timeout=PATIENCE_S):
        pass


class Wire:
    """Carries bytes to a server, until so many of its bytes came back; then it is dead, as if the server were.

    ``asked`` holds the first line of each request, ``carried`` counts the bytes that came back.
    """

    def __init__(self, endpoint: str, *, dies_after_bytes: float = float("inf")) -> None:
        host, _, port = endpoint.removeprefix("http://").partition(":")
        self._target, self.left = (host, int(port)), dies_after_bytes
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked: list[str] = []
        self.carried = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def got(self) -> list[str]:
        """The paths whose bytes were asked for."""
        return [line.split()[1] for line in self.asked if line.startswith("GET ") and "list-type" not in line]

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if self.left <= 0:
                near.close()
                continue
            far = socket.create_connection(self._target)
            threading.Thread(target=self._ask, args=(near, far), daemon=True).start()
            threading.Thread(target=self._answer, args=(far, near), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        try:
            while data := near.recv(65536):
                self.asked.append(data.partition(b"\r\n")[0].decode())
                far.sendall(data)
        except OSError:
            pass
        shut(near, far)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        try:
            while (data := far.recv(65536)) and self.left > 0:
                self.left -= len(data)
                self.carried += len(data)
                near.sendall(data if self.left > 0 else data[: len(data) // 2])
        except OSError:
            pass
        shut(near, far)


def shut(*places: socket.socket) -> None:
    for place in places:
        with suppress(OSError):
            place.shutdown(socket.SHUT_RDWR)
        place.close()
