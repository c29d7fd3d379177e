"""The pane store in Redis or Valkey: what streams keep of a partition, in one hash, committed by one script."""

from collections.abc import Iterable, Sequence
from uuid import uuid4

from sluiceway.adapters.memory_panes import conflict
from sluiceway.adapters.redis_scripts import NEWER, PLAIN, script
from sluiceway.adapters.redis_wire import RedisWire
from sluiceway.core.errors import DamagedError, TransientError
from sluiceway.ports.online_store import checked_value
from sluiceway.ports.pane_store import PaneCommit, Row

HEADER, NAME, ROW = b"h", b"c", b"r"
LOADED = b"2000"
LOADS = 5

# KEYS: the partition, then the views. ARGV: the header that must be there, the new one, how many rows are put, how many
# are dropped, how many values are written unless newer ones are there, how many whatever is there, its own name; then
# all of these, each value with the number of its view. Returns 1, also where it was made before, or 0 where another
# header is there.
COMMIT = script(
    NEWER
    + """
local found = redis.call('HGET', KEYS[1], 'h') or ''
if redis.call('HGET', KEYS[1], 'c') == ARGV[7] then return 1 end
if found ~= ARGV[1] then return 0 end
local puts, drops, values, forced = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local at = 8
for first = at, at + 2 * puts - 1, 2000 do
    redis.call('HSET', KEYS[1], unpack(ARGV, first, math.min(first + 1999, at + 2 * puts - 1)))
end
at = at + 2 * puts
for first = at, at + drops - 1, 2000 do
    redis.call('HDEL', KEYS[1], unpack(ARGV, first, math.min(first + 1999, at + drops - 1)))
end
at = at + drops
for place = at, at + 3 * (values + forced) - 1, 3 do
    local view = KEYS[tonumber(ARGV[place])]
    local stored = place < at + 3 * values and redis.call('HGET', view, ARGV[place + 1])
    if not (stored and is_older(ARGV[place + 2], stored)) then
        redis.call('HSET', view, ARGV[place + 1], ARGV[place + 2])
    end
end
redis.call('HSET', KEYS[1], 'h', ARGV[2], 'c', ARGV[7])
return 1
"""
)


class RedisPanes:
    """State in a hash a partition, below the ``prefix`` of the online store whose values are written with it.

    A commit is one script: whoever asks meanwhile waits for it, about a microsecond a row. It is as durable as the
    server is told to be: with ``appendonly`` and ``appendfsync always`` nothing that was answered is lost; where a
    server loses its last writes, it loses offsets with the state, and what came since is read again.
    """

    def __init__(self, wire: RedisWire, *, prefix: str) -> None:
        self._wire = wire
        self._state, self._views = f"{prefix}:stream:".encode(), f"{prefix}:view:".encode()

    def header(self, partition: str) -> bytes:
        """Return the header of the last commit, empty before the first. Raises as ``commit`` does."""
        return self._wire.ask((b"HGET", self._name(partition), HEADER))[0] or b""

    def load(self, partition: str, keys: Sequence[bytes] | None = None) -> tuple[bytes, list[Row]]:
        """Return the header and all rows, or those with some keys, of one moment; all in pieces, so nobody waits long.

        Raises:
            TransientError: as ``commit`` does, or others commit again and again while the rows are read.
        """
        if keys is not None:
            return self._chosen(partition, keys)
        for _ in range(LOADS):
            header, rows = self.header(partition), self._scanned(partition)
            if header != self.header(partition):
                continue  # the rows may be of two moments
            if rows and not header:
                raise DamagedError(f"the state of stream {partition} has no header")
            return header, [(key[len(ROW) :], value) for key, value in rows.items()]
        raise TransientError(f"the stream of {partition} is committed to faster than it is read")

    def _scanned(self, partition: str) -> dict[bytes, bytes]:
        """Read the fields of rows; all that are there all the while are among them."""
        rows: dict[bytes, bytes] = {}
        cursor = b"0"
        while True:
            cursor, found = self._wire.ask((b"HSCAN", self._name(partition), cursor, b"COUNT", LOADED))[0]
            rows.update(zip(found[::2], found[1::2], strict=True))
            if cursor == b"0":
                return {key: value for key, value in rows.items() if key not in {HEADER, NAME}}

    def _chosen(self, partition: str, keys: Sequence[bytes]) -> tuple[bytes, list[Row]]:
        fields = [HEADER, *(ROW + key for key in keys)]
        header, *values = self._wire.ask((b"HMGET", self._name(partition), *fields))[0]
        return header or b"", [(key, value) for key, value in zip(keys, values, strict=True) if value is not None]

    def commit(self, partition: str, change: PaneCommit) -> None:
        """Make one change.

        Raises:
            ConflictError: another header is stored than the change builds upon.
            TransientError: the server did not answer; the change may have been made or not.
            SourceError: it refuses.
            MisuseError: an online value is shorter than its stamp.
        """
        views = list(dict.fromkeys(view for view, _, _ in (*change.online, *change.forced)))
        number = {view: b"%d" % place for place, view in enumerate(views, start=2)}
        counts = (len(change.put), len(change.drop), len(change.online), len(change.forced))
        values = [change.before, change.header, *(b"%d" % each for each in counts), uuid4().hex.encode()]
        values += [part for key, value in change.put for part in (ROW + key, value)]
        values += [ROW + key for key in change.drop]
        values += _numbered(change.online, number)
        values += _numbered(change.forced, number)
        keys = [self._name(partition), *(self._views + view.encode() for view in views)]
        if not self._wire.run(COMMIT, keys, values):
            raise conflict(partition)

    def partitions(self, beginning: str) -> list[str]:
        """List the partitions whose name begins with these letters, in order."""
        names = (each.removeprefix(self._state).decode() for each in self._wire.names(self._state))
        return sorted(name for name in names if name.startswith(beginning))

    def forget(self, partition: str) -> None:
        """Remove a partition's header and rows; served values stay."""
        self._wire.ask((b"UNLINK", self._name(partition)))

    def _name(self, partition: str) -> bytes:
        return self._state + partition.encode()


def _numbered(values: Iterable[tuple[str, bytes, bytes]], number: dict[str, bytes]) -> list[bytes]:
    return [part for view, key, value in values for part in (number[view], PLAIN + key, checked_value(value))]
