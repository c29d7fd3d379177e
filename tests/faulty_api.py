"""A REST API over real HTTP that a test scripts, request by request: pages, and faults among them."""

import json
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit


class FaultyApi:
    """Answers each request by ``answer(asked, number)``; what was asked is kept in ``asked``.

    An answer is JSON, or a callable that is given the request's handler and answers by itself.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.answer = lambda asked, number: []
        self.over = Event()
        api = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self):
                asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                api.asked.append(asked)
                api.headers.append(dict(self.headers))
                api.times.append(time.monotonic())
                answer = api.answer(asked, len(api.asked))
                if callable(answer):
                    answer(self)
                else:
                    whole(self, json.dumps(answer).encode())

            def log_message(self, *args):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/items"

    def close(self) -> None:
        """Stop answering, also what never ends."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


def whole(handler, body, *, status=200, kind="application/json", **headers):
    """Answer properly."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def failing(status, **headers):
    """Answer with an error."""
    return lambda handler: whole(handler, b'{"error": "no"}', status=status, **headers)


def html(handler):
    """Answer as a proxy or a login page does."""
    whole(handler, b"<html><body>Please sign in</body></html>", kind="text/html; charset=utf-8")


def dropped(handler):
    """Break the connection in the middle of the body."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'[{"id": 1}, {"id"')
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def cut_short(handler):
    """End a body early, without anything in HTTP that tells."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.wfile.write(b'[{"id": 1}, {"id"')


def slow(seconds, records):
    """Answer late."""

    def answer(handler):
        time.sleep(seconds)
        whole(handler, json.dumps(records).encode())

    return answer


def endless(over, pause_s):
    """Send a page that never ends, a few bytes at a time."""

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(b"[")
        try:
            while not over.is_set():
                handler.wfile.write(b'{"id": 1},' * (1 if pause_s else 10_000))
                handler.wfile.flush()
                time.sleep(pause_s)
        except OSError:
            return

    return answer
