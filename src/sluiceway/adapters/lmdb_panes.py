"""The pane store in LMDB: what streams keep, in the environment of the online store, so that one write holds both."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from struct import Struct

import lmdb

from sluiceway.adapters.lmdb_online import LONGEST_KEY, VIEW_BYTES, LmdbOnline, put_all
from sluiceway.adapters.memory_panes import conflict
from sluiceway.ports.online_store import checked_value
from sluiceway.ports.pane_store import PaneCommit, Row

KEPT = b"\x00stream/"  # begins no view's key but by a chance of one in 2**64
HEADER, PLAIN, HASHED = b"a", b"r", b"z"
LENGTH = Struct(">I")


class LmdbPanes:
    """State in the environment of an ``LmdbOnline``. Durable when that is.

    A partition's header lies under its name; its rows under 16 bytes of the name's SHA-256 and their key, or the key's
    SHA-256 where that is too long for LMDB; a row's value begins with the length of its key, and the key.
    """

    def __init__(self, online: LmdbOnline) -> None:
        self._online = online

    def header(self, partition: str) -> bytes:
        """Return the header of the last commit, empty before the first."""
        if not self._online.is_there():
            return b""
        with self._online.transaction(write=False) as transaction:
            return bytes(transaction.get(_header_key(partition)) or b"")

    def load(self, partition: str, keys: Sequence[bytes] | None = None) -> tuple[bytes, list[Row]]:
        """Return the header and all rows, or those with some keys, of one moment."""
        if not self._online.is_there():
            return b"", []
        with self._online.transaction(write=False) as transaction:
            header = bytes(transaction.get(_header_key(partition)) or b"")
            if keys is None:
                return header, [_row(value) for _, value in _rows(transaction, partition)]
            found = [transaction.get(_prefix(partition) + _tail(key)) for key in keys]
            return header, [_row(bytes(value)) for value in found if value is not None]

    def commit(self, partition: str, change: PaneCommit) -> None:
        """Make one change.

        Raises:
            ConflictError: another header is stored than the change builds upon.
            MisuseError: an online value is shorter than its stamp.
            SourceError: the store is full, or the disk is.
        """
        for _, _, value in (*change.online, *change.forced):
            checked_value(value)
        with self._online.transaction(write=True) as transaction:
            if bytes(transaction.get(_header_key(partition)) or b"") != change.before:
                raise conflict(partition)
            transaction.put(_header_key(partition), change.header)
            prefix = _prefix(partition)
            for key, value in change.put:
                transaction.put(prefix + _tail(key), LENGTH.pack(len(key)) + key + value)
            for key in change.drop:
                transaction.delete(prefix + _tail(key))
            put_all(transaction, change.online, forced=False)
            put_all(transaction, change.forced, forced=True)

    def partitions(self, beginning: str) -> list[str]:
        """List the partitions whose name begins with these letters, in order."""
        if not self._online.is_there():
            return []
        with self._online.transaction(write=False) as transaction:
            found = [key for key, _ in _from(transaction, KEPT + HEADER + beginning.encode())]
        return sorted(key.removeprefix(KEPT + HEADER).decode() for key in found)

    def forget(self, partition: str) -> None:
        """Remove a partition's header and rows; served values stay."""
        with self._online.transaction(write=True) as transaction:
            for key in [key for key, _ in _rows(transaction, partition)]:
                transaction.delete(key)
            transaction.delete(_header_key(partition))


def _header_key(partition: str) -> bytes:
    return KEPT + HEADER + partition.encode()


def _prefix(partition: str) -> bytes:
    return KEPT + PLAIN + sha256(partition.encode()).digest()[:VIEW_BYTES]


def _tail(key: bytes) -> bytes:
    room = LONGEST_KEY - len(KEPT) - 1
    return PLAIN + key if len(key) <= room else HASHED + sha256(key).digest()


def _rows(transaction: lmdb.Transaction, partition: str) -> Iterator[tuple[bytes, bytes]]:
    return _from(transaction, _prefix(partition))


def _from(transaction: lmdb.Transaction, start: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Walk over what begins with some bytes."""
    with transaction.cursor() as cursor:
        cursor.set_range(start)
        for key, value in cursor.iternext():
            if not bytes(key).startswith(start):
                return
            yield bytes(key), bytes(value)


def _row(value: bytes) -> Row:
    end = LENGTH.size + LENGTH.unpack_from(value)[0]
    return value[LENGTH.size : end], value[end:]
