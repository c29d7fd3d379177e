"""A wire to a Valkey server that knows which commands it carries, and can carry one in part."""

import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from hiredis import Reader
from tests.s3_server import Wire, shut
from tests.valkey_server import Valkey

from sluiceway.adapters.redis_panes import COMMIT
from sluiceway.streams.partition_header import PartitionHeader, unpack_header

CHUNK = 65536


class Commit(NamedTuple):
    """A commit of a partition that a worker asked for."""

    partition: int
    header: PartitionHeader


class CommandWire(Wire):
    """Carries commands to a server: ``carried_whole`` of each connection are handed on to the last byte.

    A command of at least ``cut_from_bytes`` is handed on in half, and nothing of its connection after it; ``was_cut``
    says that it happened.
    """

    def __init__(self, server: Valkey) -> None:
        super().__init__(f"http://127.0.0.1:{server.port}")
        self.url = f"redis{self.endpoint.removeprefix('http')}/0"
        self.carried_whole: list[Sequence[bytes]] = []
        self.cut_from_bytes = float("inf")
        self.was_cut = False

    def commits(self) -> list[Commit]:
        """The commits that reached the server's end, whole, in their order."""
        return [_commit(command) for command in list(self.carried_whole) if command[:2] == [b"EVALSHA", COMMIT.digest]]

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        reader = Reader()
        with suppress(OSError):
            while data := near.recv(CHUNK):
                if len(data) >= self.cut_from_bytes:
                    self._cut(data, near, far)
                    break
                far.sendall(data)
                reader.feed(data)
                while (command := reader.gets()) is not False:
                    self.carried_whole.append(command)
        shut(near, far)

    def _cut(self, data: bytes, near: socket.socket, far: socket.socket) -> None:
        """Hand half on, and keep what follows from the server, until who asks is gone."""
        far.sendall(data[: len(data) // 2])
        self.was_cut = True
        while near.recv(CHUNK):
            pass


def _commit(command: Sequence[bytes]) -> Commit:
    """Read whose commit it is, and its new header, which follows the one that it builds upon."""
    count = int(command[2])
    header = unpack_header(command[3 + count + 1])
    assert header is not None
    return Commit(int(command[3].rpartition(b"/")[2]), header)
