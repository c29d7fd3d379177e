"""Real processes around a small app: it tells who answered, waits where it is told to, and can refuse or die."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sluiceway.adapters.granian_server import is_loopback, listen
from sluiceway.core.errors import MisuseError

PATIENCE_S = 20
APP = """
import asyncio, os, sys, time
from pathlib import Path

from sluiceway.core.errors import MisuseError

def make(behaviour, notes, place):
    with open(notes, "a") as file:
        file.write(f"started {os.getpid()} {place}\\n")
    if behaviour == "refuses":
        raise MisuseError("nothing is published; run first")
    if behaviour == "dies":
        os._exit(9)
    os.environ["ASKED"] = notes + "-asked"
    time.sleep(0.3)
    return app

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] != "/":
        Path(os.environ["ASKED"]).touch()
    if scope["path"] == "/slow":
        await asyncio.sleep(0.6)
    if scope["path"] == "/busy":
        time.sleep(60)
    if scope["path"] == "/never":
        await asyncio.sleep(60)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""
SERVE = """
import sys
from sluiceway.adapters.granian_server import GranianServer, Patience, listen

behaviour, workers, notes = sys.argv[1:]
listeners = listen("127.0.0.1", 0, workers=int(workers))
print(listeners[0].getsockname()[1], flush=True)
died = lambda pid, place: print(f"died {pid} {place}", flush=True)
settings = {"behaviour": behaviour, "notes": notes}
patience = Patience(grace_s=2.0, hung_s=2.0, idle_s=1.0)
sys.exit(GranianServer("small_app:make", settings, listeners=listeners, died=died, patience=patience).serve())
"""


class Running:
    """A server with its workers, in processes of its own."""

    def __init__(self, folder, behaviour="answers", workers=1):
        (folder / "small_app.py").write_text(APP)
        self.notes = folder / "notes"
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, behaviour, str(workers), self.notes],
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())

    def ask(self, path="/"):
        """Ask over a connection of its own; return the process that answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path)
            return int(connection.getresponse().read())
        finally:
            connection.close()

    def askers(self, count=40):
        """All the processes that answer when many ask at once."""
        with ThreadPoolExecutor(count) as pool:
            return set(pool.map(lambda _: self.ask(), range(count)))

    def started(self):
        """The workers that were ever started, oldest first."""
        return [int(line.split()[1]) for line in self.notes.read_text().splitlines()] if self.notes.exists() else []

    def places(self):
        """The places of the workers that were ever started, oldest first."""
        return [int(line.split()[2]) for line in self.notes.read_text().splitlines()]

    def stop(self):
        """Stop in order; return the exit code and what was said."""
        self.process.terminate()
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


@pytest.fixture
def running(tmp_path):
    made = []

    def start(*words, **options):
        made.append(Running(tmp_path, *words, **options))
        return made[-1]

    yield start
    for each in made:
        with each.process:
            each.process.kill()


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def eventually(holds):
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)


def test_who_asks_before_a_worker_is_ready_is_answered_once_it_is(running):
    server = running()
    assert server.ask() == server.started()[0]


def test_several_workers_share_one_port(running):
    server = running(workers=2)
    eventually(lambda: len(server.askers()) == 2)
    assert server.askers() <= set(server.started())


def test_a_killed_worker_is_replaced_and_the_other_serves_on(running):
    server = running(workers=2)
    eventually(lambda: len(server.askers()) == 2)
    killed, living = server.started()
    os.kill(killed, signal.SIGKILL)
    answered = server.askers()
    assert living in answered
    assert killed not in answered
    eventually(lambda: len(server.askers()) == 2)
    assert set(server.started()) - {killed, living} == server.askers() - {living}
    code, out, err = server.stop()
    assert code == 0
    places = dict(zip(server.started(), server.places(), strict=True))
    assert sorted(places.values()) in ([0, 0, 1], [0, 1, 1])
    assert places[server.started()[-1]] == places[killed]
    assert f"died {killed} {places[killed]}\n" in out
    assert f"worker {killed} was killed by SIGKILL" in err


@pytest.mark.parametrize("how", ["stopped", "busy"])
def test_a_worker_that_hangs_is_killed_and_replaced(running, how):
    server = running()
    first = server.ask()
    if how == "stopped":
        os.kill(first, signal.SIGSTOP)  # it may have taken one more request by the time it stops, which is lost
        eventually(lambda: answered_by(server) not in {None, first})
    else:
        with ThreadPoolExecutor(1) as pool, pytest.raises((ConnectionError, ValueError)):
            pool.submit(server.ask, "/busy").result()
    assert server.ask() != first
    code, out, err = server.stop()
    assert code == 0
    assert f"worker {first} hangs: its event loop has stood still for 2 s; it is killed" in err
    assert f"died {first}" in out


def answered_by(server):
    """Who answers; nobody where the one who should have was killed over it."""
    try:
        return server.ask()
    except ConnectionError:
        return None


def test_a_worker_that_only_waits_does_not_hang(running):
    server = running()
    first = server.ask()
    time.sleep(3)
    assert server.ask() == first


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nhost:", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"])
def test_a_connection_on_which_nothing_more_comes_is_closed(running, said):
    server = running()
    server.ask()
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as idle:
        idle.sendall(said)
        answered = b"".join(iter(lambda: idle.recv(1 << 16), b""))
    assert time.monotonic() - begun >= 0.9
    assert answered.startswith(b"HTTP/1.1 200") if said.endswith(b"\r\n\r\n") else b"200" not in answered


def test_connections_wait_while_the_only_worker_is_replaced(running):
    server = running()
    first = server.ask()
    os.kill(first, signal.SIGKILL)
    assert len({server.ask() for _ in range(5)} - {first}) == 1


def test_a_worker_may_be_killed_again_and_again(running):
    server = running()
    seen = set()
    for _ in range(3):
        pid = server.ask()
        assert pid not in seen
        seen.add(pid)
        os.kill(pid, signal.SIGKILL)
    assert server.ask() not in seen


def test_stopping_answers_what_is_under_way(running):
    server = running(workers=2)
    server.ask()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.ask, "/slow")
        eventually(Path(f"{server.notes}-asked").exists)
        code, _, err = server.stop()
        assert asked.result() in server.started()
    assert (code, err) == (0, "")
    assert not any(is_alive(pid) for pid in server.started())
    with pytest.raises(ConnectionRefusedError):
        server.ask()


def test_a_worker_that_does_not_stop_in_time_is_killed(running):
    server = running()
    pid = server.ask()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.ask, "/never")
        eventually(Path(f"{server.notes}-asked").exists)
        code, out, _ = server.stop()
        with pytest.raises((ConnectionError, ValueError)):
            asked.result()
    assert code == 0
    assert f"died {pid}" in out


def test_an_interrupt_at_the_terminal_stops_without_a_traceback(running):
    server = running(workers=2)
    server.ask()
    server.process.send_signal(signal.SIGINT)
    _, err = server.process.communicate(timeout=PATIENCE_S)
    assert (server.process.returncode, err) == (0, "")
    assert not any(is_alive(pid) for pid in server.started())


def test_workers_do_not_outlive_a_server_that_is_killed(running):
    server = running(workers=2)
    eventually(lambda: len(server.askers()) == 2)
    server.process.kill()
    eventually(lambda: not any(is_alive(pid) for pid in server.started()))
    with pytest.raises(ConnectionError):
        server.ask()


def test_a_worker_that_refuses_ends_the_server_with_its_reason(running):
    server = running("refuses", workers=2)
    _, err = server.process.communicate(timeout=PATIENCE_S)
    assert server.process.returncode == 2
    assert "error: nothing is published; run first\n" in err
    assert "Traceback" not in err
    assert len(server.started()) <= 2


def test_a_worker_that_dies_young_is_replaced_after_ever_longer_pauses(running):
    server = running("dies")
    eventually(lambda: len(server.started()) >= 3)
    time.sleep(1.0)
    assert len(server.started()) <= 6
    code, _, err = server.stop()
    assert code == 0
    assert "ended with exit code 9; another one starts" in err


def test_a_port_in_use_is_refused_also_with_several_workers(running):
    server = running(workers=2)
    for workers in (1, 2):
        with pytest.raises(MisuseError, match=f"port {server.port} of 127.0.0.1 is in use.*--port"):
            listen("127.0.0.1", server.port, workers=workers)


def test_a_host_that_is_not_this_machines_is_refused():
    with pytest.raises(MisuseError, match=r"cannot listen on 192\.0\.2\.1:0.*--host"):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_does_not_exist_is_refused(port):
    with pytest.raises(MisuseError, match=f"port {port} does not exist"):
        listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.1", False), ("no such host", True)],
)  # fmt: skip
def test_which_hosts_only_this_machine_reaches(host, alone):
    assert is_loopback(host) is alone


def test_any_free_port_is_one_port_for_all_workers():
    opened = listen("127.0.0.1", 0, workers=3)
    try:
        assert len({each.getsockname() for each in opened}) == 1
        assert all(each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for each in opened)
    finally:
        for each in opened:
            each.close()
