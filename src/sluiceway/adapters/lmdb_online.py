"""The online store in one LMDB folder: reads without a server, from many processes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from time import monotonic

import lmdb

from sluiceway.adapters.lmdb_environment import Place, opened, place_of
from sluiceway.core.errors import SourceError
from sluiceway.ports.online_store import STAMP_BYTES, Asked, checked
from sluiceway.ports.sweepable import VIEW, Leftover, view_key

MAP_BYTES = 64 << 30
VIEW_BYTES = 16
PLAIN, HASHED, NAME, SNAPSHOT = b"k", b"h", b"n", b"s"
LOOK_S = 1.0
LONGEST_KEY = 511 - VIEW_BYTES - 1


class LmdbOnline:
    """Packed values in an LMDB environment.

    A stored key is 16 bytes of the view name's SHA-256, then ``k`` and the key, or ``h`` and the key's SHA-256 where
    it is longer than 494 bytes, since LMDB's keys end at 511; ``n`` alone holds the view's name, ``s`` its snapshot.
    Every method is one transaction, so that a batch is seen whole, and so are all views of a read. The file is
    sparse: the map's size is address space and the most it can hold, not disk. A folder that does not exist is an
    empty store; the first write makes it. So is one that was removed while it is open: reads notice within a second,
    all else at once.

    Not ``durable``, a write does not wait for the disk. A killed process still loses nothing, as the pages are the
    system's; a machine that stops may leave no store at all. That is for stores that are made anew, as a rehearsal's.
    """

    def __init__(self, folder: Path, *, map_bytes: int = MAP_BYTES, durable: bool = True) -> None:
        self._folder = folder
        self._map_bytes = map_bytes
        self._durable = durable
        self._opened: lmdb.Environment | None = None
        self._place: Place | None = None
        self._look_at_s = 0.0

    def write(self, view: str, items: Iterable[tuple[bytes, bytes]]) -> int:
        """Store values by key unless newer ones are there; return how many took effect.

        Raises:
            MisuseError: a value is shorter than its stamp; then nothing of the batch is stored.
            SourceError: the store is full, or the disk is.
        """
        prefix, batch = _prefix(view), checked(items)
        with self._refusals(), self._environment().begin(write=True) as transaction:
            _name(transaction, view)
            return sum(_put(transaction, prefix + _tail(key), value) for key, value in batch)

    def read(self, view: str, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return each key's value in order, ``None`` where there is none."""
        return self.read_many([(view, keys)])[0]

    def read_many(self, asked: Sequence[Asked]) -> list[list[bytes | None]]:
        """Return for each view that is asked, and each of its keys, the value; all from one moment."""
        if (self._opened is None or monotonic() >= self._look_at_s) and not self.is_there():
            return [[None] * len(keys) for _, keys in asked]
        try:
            with (self._opened or self._environment()).begin() as transaction:
                get, found = transaction.get, []
                for view, keys in asked:
                    plain = _plain(view)
                    if len(keys) == 1 and len(keys[0]) <= LONGEST_KEY:  # as mostly: a comprehension costs half of a get
                        found.append([get(plain + keys[0])])
                        continue
                    found.append([get(plain + key if len(key) <= LONGEST_KEY else _stored(view, key)) for key in keys])
                return found
        except lmdb.Error as error:  # not ``_refusals``: a generator would cost half as much as the read
            raise self._refusal(error) from error

    def count(self, view: str) -> int:
        """Return how many keys a view has, by walking over them."""
        if not self.is_there():
            return 0
        with self._refusals(), self._environment().begin() as transaction:
            return sum(1 for _ in _keys(transaction, _prefix(view)))

    def replace(self, view: str, items: Iterable[tuple[bytes, bytes]], *, snapshot: str) -> None:
        """Let a view hold these values and no others, whatever their stamps, in one transaction.

        Raises:
            MisuseError: a value is shorter than its stamp; then everything stays as it was.
            SourceError: the store is full, or the disk is.
        """
        prefix, batch = _prefix(view), checked(items)
        with self._refusals(), self._environment().begin(write=True) as transaction:
            for old in list(_keys(transaction, prefix)):
                transaction.delete(old)
            _name(transaction, view)
            for key, value in batch:
                _put(transaction, prefix + _tail(key), value)
            transaction.put(prefix + SNAPSHOT, snapshot.encode())

    def mark(self, view: str, *, snapshot: str) -> None:
        """Say what a view's values are of from now on; they stay. Raises ``SourceError`` when the disk refuses."""
        with self._refusals(), self._environment().begin(write=True) as transaction:
            _name(transaction, view)
            transaction.put(_prefix(view) + SNAPSHOT, snapshot.encode())

    def snapshot(self, view: str) -> str:
        """Return what a view's values were last replaced with, or the empty text."""
        if not self.is_there():
            return ""
        with self._refusals(), self._environment().begin() as transaction:
            return bytes(transaction.get(_prefix(view) + SNAPSHOT) or b"").decode()

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name the views that are not kept, sorted by key; the file does not shrink, its room is used again.

        Views without a name, which only earlier releases filled, stay until a run has filled them again.
        """
        if not self.is_there():
            return []
        with self._refusals(), self._environment().begin() as transaction:
            going = [view for view in _views(transaction) if not is_kept(view_key(view))]
            found = [Leftover(view_key(view), _size(transaction, _prefix(view)), VIEW) for view in going]
        return sorted(found, key=lambda each: each.key)

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove the views that ``leftovers`` named, each at once. Raises ``SourceError`` when the disk refuses."""
        named = {each.key for each in found}
        if not named or not self.is_there():
            return
        with self._refusals(), self._environment().begin() as transaction:
            going = [view for view in _views(transaction) if view_key(view) in named]
        for view in going:
            prefix = _prefix(view)
            with self._refusals(), self._environment().begin(write=True) as transaction:
                for old in [*_keys(transaction, prefix), prefix + SNAPSHOT, prefix + NAME]:
                    transaction.delete(old)

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[lmdb.Transaction]:
        """Lend a transaction to what is kept beside the values."""
        with self._refusals(), self._environment().begin(write=write) as transaction:
            yield transaction

    def close(self) -> None:
        """Let go of the folder, as one must before it is removed; the next call opens it again."""
        self._opened = None

    def is_there(self) -> bool:
        """Whether there is a store; the first write makes it."""
        return self._look() is not None

    def _look(self) -> Place | None:
        """Tell which file the folder has; let go of one that it does not have any more."""
        place, self._look_at_s = place_of(self._folder), monotonic() + LOOK_S
        if place is None or place != self._place:
            self._opened = None
        return place

    def _environment(self) -> lmdb.Environment:
        self._look()
        environment = self._opened
        if environment is None:
            with self._refusals():
                environment, self._place = opened(self._folder, self._map_bytes, durable=self._durable)
            self._opened = environment
        return environment

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except lmdb.Error as error:
            raise self._refusal(error) from error

    def _refusal(self, error: lmdb.Error) -> SourceError:
        if isinstance(error, lmdb.MapFullError):
            return SourceError(
                f"the online store {self._folder} is full at {self._map_bytes:,} bytes; drop views that are no longer "
                "served, or start a new folder"
            )
        mend = "check the disk and the rights, or remove the folder: sluiceway run fills it again"
        return SourceError(f"the online store {self._folder} failed: {error}; {mend}")


@lru_cache(maxsize=1024)
def _prefix(view: str) -> bytes:
    return sha256(view.encode()).digest()[:VIEW_BYTES]


@lru_cache(maxsize=1024)
def _plain(view: str) -> bytes:
    return _prefix(view) + PLAIN


def _stored(view: str, key: bytes) -> bytes:
    return _prefix(view) + _tail(key)


def _tail(key: bytes) -> bytes:
    return PLAIN + key if len(key) <= LONGEST_KEY else HASHED + sha256(key).digest()


def put_all(transaction: lmdb.Transaction, values: Iterable[tuple[str, bytes, bytes]], *, forced: bool) -> None:
    """Store values by view and key within a transaction, unless newer ones are there; ``forced``, also then."""
    for view, key, value in values:
        _name(transaction, view)
        if forced:
            transaction.put(_stored(view, key), value)
        else:
            _put(transaction, _stored(view, key), value)


def _name(transaction: lmdb.Transaction, view: str) -> None:
    transaction.put(_prefix(view) + NAME, view.encode(), overwrite=False)


def _put(transaction: lmdb.Transaction, key: bytes, value: bytes) -> bool:
    old = transaction.get(key)
    if old is not None and value[:STAMP_BYTES] < bytes(old[:STAMP_BYTES]):
        return False
    return bool(transaction.put(key, value))


def _keys(transaction: lmdb.Transaction, prefix: bytes) -> Iterator[bytes]:
    """Walk over the keys of a view's values."""
    with transaction.cursor() as cursor:
        cursor.set_range(prefix)
        for found in cursor.iternext(keys=True, values=False):
            key = bytes(found)
            if not key.startswith(prefix):
                return
            if key[VIEW_BYTES:] not in {NAME, SNAPSHOT}:
                yield key


def _views(transaction: lmdb.Transaction) -> Iterator[str]:
    """Name every view, leaping from one to the next."""
    with transaction.cursor() as cursor:
        there = cursor.first()
        while there:
            prefix = bytes(cursor.key()[:VIEW_BYTES])
            name = transaction.get(prefix + NAME)
            if name is not None:
                yield bytes(name).decode()
            there = cursor.set_range(prefix + b"\xff")  # above every key of the view


def _size(transaction: lmdb.Transaction, prefix: bytes) -> int:
    return sum(len(key) + len(transaction.get(key) or b"") for key in _keys(transaction, prefix))
