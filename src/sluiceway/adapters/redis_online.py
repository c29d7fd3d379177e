"""The online store in Redis or Valkey: shared by servers and runs on many machines, read in one round trip."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from uuid import uuid4

from sluiceway.adapters.redis_scripts import COUNT, PLAIN, SNAPSHOT, STAGE, SWITCH, WRITE
from sluiceway.adapters.redis_wire import RedisWire
from sluiceway.core.errors import SluicewayError, TransientError
from sluiceway.ports.online_store import Asked, checked, checked_value
from sluiceway.ports.sweepable import STAGED, VIEW, Leftover, view_key

Item = tuple[bytes, bytes]

CHUNK_ITEMS, CHUNK_BYTES = 500, 1 << 20
STAGED_MS = 3_600_000
ABANDONED_MS = 600_000


class RedisOnline:
    """Packed values in hashes, one for each view, below ``prefix``, which belongs to one project.

    A batch is written by scripts of at most 500 values or 1 MiB each, so that no other caller waits long; each script
    is atomic. A replacement is made under another name and takes the view's place in one step; one that was broken
    off is gone after an hour, or when it is swept.
    """

    def __init__(self, wire: RedisWire, *, prefix: str) -> None:
        self._wire, self.wire, self.prefix = wire, wire, prefix
        self._views, self._staged = f"{prefix}:view:".encode(), f"{prefix}:new:".encode()
        self._name = lru_cache(maxsize=1024)(lambda view: self._views + view.encode())

    def write(self, view: str, items: Iterable[Item]) -> int:
        """Store values by key unless newer ones are there; return how many took effect.

        Raises:
            MisuseError: a value is shorter than its stamp; then nothing of the batch is stored.
            TransientError, SourceError: the store is not there or refuses; the batch may be there in part.
        """
        name = self._name(view)
        return sum(int(self._wire.run(WRITE, [name], flat(chunk))) for chunk in chunks(checked(items)))

    def read(self, view: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return each key's value in order, ``None`` where there is none."""
        return self.read_many([(view, keys)])[0]

    def read_many(self, asked: Sequence[Asked]) -> list[list[bytes | None]]:
        """Return for each view that is asked, and each of its keys, the value, in one round trip.

        Raises:
            TransientError, SourceError: the store is not there or refuses.
        """
        commands = [(b"HMGET", self._name(view), *[PLAIN + key for key in keys]) for view, keys in asked if keys]
        if not commands:
            return [[] for _ in asked]
        found = self._wire.ask(*commands)
        if len(found) == len(asked):
            return found
        answers = iter(found)
        return [next(answers) if keys else [] for _, keys in asked]

    def count(self, view: str) -> int:
        """Return how many keys a view has."""
        return int(self._wire.run(COUNT, [self._name(view)]))

    def replace(self, view: str, items: Iterable[Item], *, snapshot: str) -> None:
        """Let a view hold these values and no others, whatever their stamps, all at once.

        Raises:
            MisuseError: a value is shorter than its stamp; then everything stays as it was.
            TransientError: the store is not there, or lost what was made so far; the view is as it was.
            SourceError: the store refuses.
        """
        name = uuid4().hex.encode()
        staged = b"%s%s:%s" % (self._staged, name, view.encode())
        try:
            step = 0
            for step, chunk in enumerate(chunks((key, checked_value(value)) for key, value in items), start=1):
                self._require(self._wire.run(STAGE, [staged], (b"%d" % step, b"%d" % STAGED_MS, *flat(chunk))))
            whole = (b"%d" % step, snapshot.encode(), name)
            self._require(self._wire.run(SWITCH, [staged, self._name(view)], whole))
        except BaseException:
            with suppress(SluicewayError):
                self._wire.ask((b"UNLINK", staged))
            raise

    def mark(self, view: str, *, snapshot: str) -> None:
        """Say what a view's values are of from now on; they stay. Raises as ``read_many`` does."""
        self._wire.ask((b"HSET", self._name(view), SNAPSHOT, snapshot.encode()))

    def snapshot(self, view: str) -> str:
        """Return what a view's values were last replaced with, or the empty text."""
        found = self._wire.ask((b"HGET", self._name(view), SNAPSHOT))[0]
        return "" if found is None else found.decode()

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name the views that are not kept, and replacements that nobody went on with for ten minutes."""
        views = [name for name in self._wire.names(self._views) if not is_kept(view_key(self._view(name)))]
        found = [Leftover(view_key(self._view(name)), self._size(name), VIEW) for name in views]
        left = [name for name in self._wire.names(self._staged) if self._is_abandoned(name)]
        found += [Leftover(name.decode(), self._size(name), STAGED) for name in left]
        return sorted(found, key=lambda each: each.key)

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what ``leftovers`` named, and nothing else."""
        prefix = view_key("")
        for each in found:
            name = self._name(each.key.removeprefix(prefix)) if each.kind == VIEW else each.key.encode()
            self._wire.ask((b"UNLINK", name))

    def close(self) -> None:
        """Close the connections; the next call opens others."""
        self._wire.close()

    def _require(self, answer: int) -> None:
        if answer < 0:
            raise TransientError("the online store lost what was written for a replacement, as when it starts again")

    def _view(self, name: bytes) -> str:
        return name.removeprefix(self._views).decode()

    def _size(self, name: bytes) -> int:
        return int(self._wire.ask((b"MEMORY", b"USAGE", name))[0] or 0)

    def _is_abandoned(self, name: bytes) -> bool:
        """Tell by the time that it may still lie there, which every step sets anew."""
        left_ms = int(self._wire.ask((b"PTTL", name))[0])
        return 0 <= left_ms < STAGED_MS - ABANDONED_MS


def chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Cut a batch into what one script takes."""
    chunk: list[Item] = []
    size = 0
    for key, value in items:
        if chunk and (len(chunk) >= CHUNK_ITEMS or size + len(key) + len(value) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append((key, value))
        size += len(key) + len(value)
    if chunk:
        yield chunk


def flat(chunk: Sequence[Item]) -> list[bytes]:
    """Lay fields and values in a row, as commands take them."""
    return [part for key, value in chunk for part in (PLAIN + key, value)]
