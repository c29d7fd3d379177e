"""The wire to a Redis or Valkey server: commands in one round trip, bounded waits, errors that name the place alone."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from sluiceway.adapters.redis_scripts import Script
from sluiceway.core.errors import DeclarationError, Problem, SluicewayError, SourceError, TransientError

Command: TypeAlias = Sequence[bytes]
Connection: TypeAlias = Any  # redis-py leaves most of its methods without types
SCANNED = b"1000"
FILE = "sluiceway.toml"
CHECK_SERVER = "check that the server runs and can be reached, then try again"
CHECK_KEYS = "check its user and password, and that it may use hashes, scripts and INFO"


class RedisWire:
    """Connections to one server, made when needed and kept. Safe to share between threads, and by a process that forks.

    Waiting for the server takes at most ``patience_s`` at each step; a question that it did not answer in time is never
    asked again here, one whose connection is closed, before the answer or before it was asked, once more over another:
    whatever is asked may be done twice.
    """

    def __init__(self, url: Callable[[], str], *, shown: str, patience_s: float) -> None:
        """Take what gives the address with its secrets filled in; ``shown`` is what may be said of it.

        Nothing is asked yet; the address is wanted with the first question.
        """
        self._url = url
        self._shown = shown
        self._patience_s = patience_s
        self._make: Callable[[], Connection] | None = None
        self._free: deque[Connection] = deque()
        self._process = os.getpid()

    def ask(self, *commands: Command) -> list[Any]:
        """Send commands together; return an answer to each.

        Raises:
            TransientError: the server is not there, is slow, or is still reading its data.
            SourceError: it refuses.
            DeclarationError: it is a cluster.
        """
        from redis.exceptions import RedisError

        try:
            return self._ask(commands)
        except RedisError as error:
            raise self._said(error) from None

    def run(self, script: Script, keys: Sequence[bytes], values: Sequence[bytes] = ()) -> Any:
        """Run a script; a server that has not seen it yet is shown it. Raises as ``ask`` does."""
        from redis.exceptions import NoScriptError, RedisError

        rest = (b"%d" % len(keys), *keys, *values)
        try:
            try:
                return self._ask([(b"EVALSHA", script.digest, *rest)])[0]
            except NoScriptError:
                return self._ask([(b"EVAL", script.text, *rest)])[0]
        except RedisError as error:
            raise self._said(error) from None

    def names(self, beginning: bytes) -> list[bytes]:
        """List the keys that begin so, in order, without making anybody wait. Raises as ``ask`` does."""
        names, cursor = set[bytes](), b"0"
        while True:
            cursor, found = self.ask((b"SCAN", cursor, b"MATCH", beginning + b"*", b"COUNT", SCANNED))[0]
            names |= set(found)
            if cursor == b"0":
                return sorted(names)

    def close(self) -> None:
        """Close what is open and free; the next question opens another connection."""
        while self._free:
            self._free.pop().disconnect()

    def _ask(self, commands: Sequence[Command]) -> list[Any]:
        from redis.exceptions import ConnectionError as NotThere
        from redis.exceptions import TimeoutError as TooSlow

        connection = self._connection()
        kept = connection.is_connected
        try:
            return self._asked(connection, commands)
        except TooSlow:
            raise
        except NotThere:
            if not kept:
                raise
            return self._asked(self._connection(anew=True), commands)

    def _asked(self, connection: Connection, commands: Sequence[Command]) -> list[Any]:
        from hiredis import pack_command
        from redis.exceptions import ResponseError

        try:
            data = b"".join([pack_command(tuple(command)) for command in commands])  # type: ignore[arg-type]
            connection.send_packed_command([data], check_health=False)
            answers: list[Any] = []
            for _ in commands:
                try:
                    answers.append(connection.read_response(disable_decoding=True))
                except ResponseError as error:
                    answers.append(error)
        except BaseException:
            connection.disconnect()  # nobody else must read what was meant for this question
            raise
        finally:
            self._free.append(connection)
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    def _connection(self, *, anew: bool = False) -> Connection:
        if self._process != os.getpid():
            self._process, self._free = os.getpid(), deque()
        if anew:
            self.close()  # a server that closed one has closed them all
        try:
            return self._free.pop()
        except IndexError:
            return self._made()

    def _made(self) -> Connection:
        if self._make is None:
            self._make = connections(self._url(), self._patience_s)
        connection = self._make()
        connection.register_connect_callback(self._refuse_cluster)
        return connection

    def _refuse_cluster(self, connection: Connection) -> None:
        """Look at what kind of server answers, on each new connection."""
        from redis.exceptions import NoPermissionError

        connection.send_command("INFO", "cluster", check_health=False)
        try:
            found = connection.read_response(disable_decoding=True)
        except NoPermissionError:
            return  # a cluster would still answer MOVED
        if b"cluster_enabled:1" in found:
            raise cluster(self._shown)

    def _said(self, error: Exception) -> SluicewayError:
        from redis import exceptions

        text = " ".join(str(error).split())
        if isinstance(error, exceptions.AuthenticationError | exceptions.NoPermissionError) or "NOAUTH" in text:
            return SourceError(f"the online store {self._shown} lets nobody in by these credentials; {CHECK_KEYS}")
        if isinstance(error, exceptions.TimeoutError):
            return TransientError(
                f"the online store {self._shown} did not answer within {self._patience_s * 1000:g} ms; {CHECK_SERVER}"
            )
        if isinstance(error, exceptions.BusyLoadingError):
            return TransientError(f"the online store {self._shown} is still reading its data; try again")
        if isinstance(error, exceptions.ConnectionError):
            return TransientError(f"the online store {self._shown} is not there; {CHECK_SERVER}")
        if text.startswith(("MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN")):
            return cluster(self._shown)
        if isinstance(error, exceptions.OutOfMemoryError) or text.startswith("OOM"):
            return SourceError(
                f"the online store {self._shown} is full: raise its maxmemory, or free views that nothing needs: "
                "sluiceway data gc"
            )
        return SourceError(f"the online store {self._shown} refuses: {text[:200]}")


def connections(url: str, patience_s: float) -> Callable[[], Connection]:
    """Give what makes connections, without a pool's bookkeeping, which costs a read a fifth of its time.

    Raises:
        DeclarationError: the address cannot be read.
    """
    from redis import ConnectionPool
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    bounds: dict[str, Any] = {"socket_timeout": patience_s, "socket_connect_timeout": patience_s}
    try:
        pool = ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), protocol=2, **bounds)
    except ValueError:
        raise DeclarationError(
            [Problem("online: the address cannot be read; write redis://user:${PASSWORD}@host:6379/0", FILE)]
        ) from None
    kind, options = pool.connection_class, pool.connection_kwargs
    return lambda: kind(**options)


def cluster(shown: str) -> DeclarationError:
    """Refuse a cluster: a view's replacement is one step on one server."""
    return DeclarationError(
        [
            Problem(
                f"the online store {shown} is a Redis Cluster, over whose servers nothing can be replaced at once; "
                "name a server that is none, such as one with replicas",
                FILE,
            )
        ]
    )
