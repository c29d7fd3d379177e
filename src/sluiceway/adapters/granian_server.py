"""The server's processes: workers of one ASGI app behind one port, each replaced when it dies."""

import errno
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

from sluiceway.adapters.pulse import Pulse
from sluiceway.core.errors import MisuseError

BACKLOG = 1024
LAST_PORT = 65_535
POLL_S = 0.05
HEALTHY_S = 5.0
HUNG_AT_START_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
REFUSALS = {2, 3}
WORKER = "sluiceway.adapters.granian_worker"


def listen(host: str, port: int, *, workers: int = 1) -> list[socket.socket]:
    """Open a listening socket for each worker, all on one port; port 0 stands for any that is free.

    On Linux the kernel spreads connections over sockets that share a port; elsewhere the workers share one socket,
    and whichever is quickest takes all that wait.

    Raises:
        MisuseError: the port is in use, or the host is not one of this machine's.
    """
    if not 0 <= port <= LAST_PORT:
        raise MisuseError(f"port {port} does not exist; choose one from 1 to {LAST_PORT} with --port, or 0 for any")
    many = workers > 1 and sys.platform == "linux"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        probe = _opened(found[0], found[4], shared=False)  # nobody else may have it, though we then share it
        if not many:
            return [probe] * workers
        place = probe.getsockname()
        probe.close()
        return [_opened(found[0], place, shared=True) for _ in range(workers)]
    except OSError as error:
        raise MisuseError(_refusal(host, port, error)) from None


def _opened(family: int, place: Any, *, shared: bool) -> socket.socket:
    opened = socket.create_server(place[:2], family=family, backlog=BACKLOG, reuse_port=shared)
    opened.setblocking(False)
    return opened


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, can be reached from this machine only; unknown hosts cannot be reached."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return True
    return all(ipaddress.ip_address(each[4][0]).is_loopback for each in found)


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; stop what listens there, or choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} may not be opened by this user; choose one above 1023 with --port"
    return f"cannot listen on {host}:{port}: {error.strerror or error}; give an address of this machine with --host"


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds a server waits.

    A worker that was told to end has ``grace_s``, a little longer than it gives itself. One whose event loop stands
    still has ``hung_s``. A connection on which no whole headers come is kept for ``idle_s``: longer than the minute for
    which load balancers usually keep theirs.
    """

    grace_s: float = 12.0
    hung_s: float = 10.0
    idle_s: float = 75.0


USUAL = Patience()


@dataclass(slots=True)
class _Place:
    """A worker's place: its number, its socket, who holds it, and when it is filled again."""

    number: int
    listener: socket.socket
    process: "subprocess.Popen[bytes] | None" = None
    pulse: Pulse | None = None
    born: float = 0.0
    due: float = 0.0
    failures: int = 0
    generation: int = 0

    def bury(self, now: float) -> None:
        """Empty the place, to be filled at once, or the later the more often its workers died young."""
        self.failures = self.failures + 1 if now - self.born < HEALTHY_S else 0
        pause_s = min(FIRST_PAUSE_S * 2.0 ** (self.failures - 2), LONGEST_PAUSE_S) if self.failures > 1 else 0.0
        self.process, self.due = None, now + pause_s
        self.hear_no_more()

    def hear_no_more(self) -> None:
        """Close the pipe on which the worker told that it lives."""
        if self.pulse is not None:
            self.pulse.close()
            self.pulse = None

    def is_hung(self, now: float, hung_s: float) -> bool:
        """Whether nothing was heard for too long; a worker may take its time until it is heard first."""
        if self.pulse is None:
            return False
        return self.pulse.silent_s(now) > (hung_s if self.pulse.heard else HUNG_AT_START_S)


def _say(pid: int, code: int) -> None:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    _tell(f"worker {pid} {how}; another one starts")


def _tell(text: str) -> None:
    with suppress(OSError):  # that nobody listens any more is no reason to stop
        sys.stderr.write(f"note: {text}\n")
        sys.stderr.flush()


class GranianServer:
    """A worker for each of ``listeners``; each serves the app of ``factory``: ``module:function``, given ``settings``.

    Besides them it is given its ``place`` among the workers, from 0; whoever replaces it has the same.

    This process owns the listening sockets, so that connections wait while a worker starts, and those that wait are
    not lost with one that dies. Workers are fresh interpreters, never forks, and end when this process does, however
    it ends. One whose event loop stands still is killed. ``died`` is called with the process id and the place of each
    worker that is gone.
    """

    def __init__(
        self,
        factory: str,
        settings: Mapping[str, Any],
        *,
        listeners: Sequence[socket.socket],
        environment: Mapping[str, str] | None = None,
        died: Callable[[int, int], None] | None = None,
        patience: Patience = USUAL,
    ) -> None:
        self._patience = patience
        self._factory, self._settings = factory, dict(settings)
        self._environment = environment
        self._died = died or (lambda _pid, _place: None)
        self._places = [_Place(number, listener) for number, listener in enumerate(listeners)]
        self._stopping = Event()

    def serve(self) -> int:
        """Keep the workers alive until SIGTERM or SIGINT; return 0.

        A worker that refuses (exit 2 or 3, its reason on standard error) before it ever served ends the server with
        the same code; one that dies otherwise is replaced at once, and after ever longer pauses while it dies young.
        """
        lifeline, held = os.pipe()
        try:
            with _stopped_by_signals(self._stopping):
                code = self._tend(lifeline)
                self._stop()
        finally:
            os.close(held)  # whatever is still there ends with it
            os.close(lifeline)
        return code

    def stop(self) -> None:
        """Let ``serve`` stop the workers and return."""
        self._stopping.set()

    def _tend(self, lifeline: int) -> int:
        while True:
            for place in self._places:
                code = self._look_after(place, lifeline)
                if code is not None:
                    return code
            if self._stopping.wait(POLL_S):
                return 0

    def _look_after(self, place: _Place, lifeline: int) -> int | None:
        """Fill an empty place when it is time; return the code of a worker that refuses to start."""
        process = place.process
        if process is None:
            if time.monotonic() >= place.due:
                self._start(place, lifeline)
            return None
        code = process.poll()
        if code is None:
            if place.is_hung(time.monotonic(), self._patience.hung_s):
                still_s = self._patience.hung_s
                _tell(f"worker {process.pid} hangs: its event loop has stood still for {still_s:g} s; it is killed")
                process.kill()
                place.hear_no_more()
            return None
        self._died(process.pid, place.number)
        if code in REFUSALS and place.generation == 1:
            return code
        _say(process.pid, code)
        place.bury(time.monotonic())
        return None

    def _start(self, place: _Place, lifeline: int) -> None:
        descriptor, place.pulse = place.listener.fileno(), Pulse()
        told = place.pulse.descriptor
        settings = json.dumps({**self._settings, "place": place.number})
        numbers = (descriptor, told, round(self._patience.idle_s * 1000))
        place.process = subprocess.Popen(  # noqa: S603  (this very interpreter, and words of our own)
            [sys.executable, "-P", "-m", WORKER, *map(str, numbers), self._factory, settings],
            stdin=lifeline,
            stdout=sys.stderr.fileno(),
            pass_fds=(descriptor, told),
            env=self._environment,
            process_group=0,  # an interrupt at the terminal is for this process, which stops them in order
        )
        place.pulse.handed_over()
        place.born = time.monotonic()
        place.generation += 1

    def _stop(self) -> None:
        """Ask every worker to finish what it has begun, and end those that do not in time."""
        for place in self._places:
            place.listener.close()
            place.hear_no_more()
        running = [(place.process, place.number) for place in self._places if place.process is not None]
        for process, _ in running:
            process.terminate()
        deadline = time.monotonic() + self._patience.grace_s
        for process, number in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._died(process.pid, number)


@contextmanager
def _stopped_by_signals(event: Event) -> Iterator[None]:
    before = {each: signal.signal(each, lambda *_: event.set()) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
