"""Load on a server: so many connections that each ask again as soon as they are answered, for so many seconds.

By ``wrk`` where it is installed, or can be (Debian, as root); else by a generator in this file, which is slower itself
and so says less of fast servers.
"""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from serving_process import HOST

PATIENCE_S = 10

# All requests are put together before the clock starts; then wrk only writes bytes.
SCRIPT = r"""
local requests, place = {}, 0
function init(args)
   local headers = {["content-type"] = "application/json"}
   for body in io.lines(args[1]) do
      requests[#requests + 1] = wrk.format("POST", nil, headers, body)
   end
end
function request()
   place = place % #requests + 1
   return requests[place]
end
function done(summary, latency, _)
   local wrong = summary.errors
   io.write(string.format('{"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "errors": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      wrong.status + wrong.connect + wrong.read + wrong.write + wrong.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a server answered under load. ``errors`` counts answers other than 2xx and 3xx, and broken connections."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Target:
    """Where to ask, and what; the bodies take turns."""

    port: int
    path: str
    bodies: tuple[bytes, ...]


def has_wrk() -> bool:
    """Whether wrk is there, after trying to install it where that can be done unasked."""
    if shutil.which("wrk") is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        unasked = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "wrk"]):
            subprocess.run(command, check=False, env=unasked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return shutil.which("wrk") is not None


def load(target: Target, *, connections: int, seconds: float, by_wrk: bool) -> Load:
    """Put load on a server."""
    if by_wrk:
        return by_wrk_load(target, connections, seconds)
    return asyncio.run(own_load(target, connections, seconds))


def by_wrk_load(target: Target, connections: int, seconds: float) -> Load:
    """Let wrk do it, from one thread; it takes whole seconds."""
    with tempfile.TemporaryDirectory() as folder:
        script, bodies = Path(folder) / "post.lua", Path(folder) / "bodies"
        script.write_text(SCRIPT, encoding="utf-8")
        bodies.write_bytes(b"\n".join(target.bodies) + b"\n")
        url = f"http://{HOST}:{target.port}{target.path}"
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            "--timeout",
            f"{PATIENCE_S}s",
            "-s",
            script,
        ]
        done = subprocess.run([*command, url, "--", str(bodies)], check=True, capture_output=True, text=True)
    return Load(**json.loads(done.stdout.splitlines()[-1]))


@dataclass
class Tally:
    """What all connections of the own generator have seen."""

    requests: list[bytes]
    deadline: float
    spent_s: list[float] = field(default_factory=list)
    errors: int = 0
    turn: "count[int]" = field(default_factory=count)


class Asking(asyncio.Protocol):
    """One connection: writes a request, reads its answer, and writes the next."""

    def __init__(self, tally: Tally, over: "asyncio.Future[None]") -> None:
        self._tally, self._over = tally, over
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._ask()

    def _ask(self) -> None:
        requests = self._tally.requests
        self._begun = time.perf_counter()
        self._transport.write(requests[next(self._tally.turn) % len(requests)])

    def data_received(self, data: bytes) -> None:
        self._read += data
        if not is_whole(self._read):
            return
        now = time.perf_counter()
        self._tally.spent_s.append(now - self._begun)
        self._tally.errors += self._read[9:10] not in b"23"
        self._read.clear()
        if now < self._tally.deadline:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._tally.errors += time.perf_counter() < self._tally.deadline
        self._over.set_result(None)


def is_whole(answer: bytearray) -> bool:
    """Whether an HTTP/1.1 answer has come to its end, by its length or by its last chunk."""
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line[15:])
    return body.endswith(b"0\r\n\r\n")


async def own_load(target: Target, connections: int, seconds: float) -> Load:
    """Do the same without wrk."""
    head = f"POST {target.path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\ncontent-length: "
    requests = [head.encode() + str(len(body)).encode() + b"\r\n\r\n" + body for body in target.bodies]
    loop, begun = asyncio.get_running_loop(), time.perf_counter()
    tally = Tally(requests, begun + seconds)
    ends = []
    for _ in range(connections):
        over: asyncio.Future[None] = loop.create_future()
        ends.append(over)
        await loop.create_connection(lambda over=over: Asking(tally, over), HOST, target.port)  # type: ignore[misc]
    async with asyncio.timeout(seconds + PATIENCE_S):
        await asyncio.gather(*ends)
    spent = sorted(tally.spent_s) or [float("nan")]
    p50_ms, p99_ms = (spent[len(spent) * percent // 100] * 1e3 for percent in (50, 99))
    return Load(len(tally.spent_s), time.perf_counter() - begun, p50_ms, p99_ms, tally.errors)
