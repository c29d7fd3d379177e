"""What goes over the wire, against a server that says what the test tells it, byte by byte."""

import socket
import time
from threading import Thread

import pytest

from sluiceway.adapters.http_endpoint import HttpEndpoint
from sluiceway.core.errors import TransientError
from sluiceway.ports.endpoint import Answer, Question

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
PAUSE_S = 0.05


class Scripted:
    """Takes connections one after another, and gives each its answers, one for each request that has come whole.

    An answer in pieces is said with pauses between them; behind its last answer a connection is closed.
    """

    def __init__(self, *connections):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests, self.connections = [], 0
        self.thread = Thread(target=self.run, args=(connections,), daemon=True)
        self.thread.start()

    def run(self, connections):
        with self.listener:
            for answers in connections:
                connection, _ = self.listener.accept()
                self.connections += 1
                with connection:
                    for answer in answers:
                        self.requests.append(read_request(connection))
                        say(connection, answer)


def say(connection, answer):
    pieces = [answer] if isinstance(answer, bytes) else answer
    try:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(PAUSE_S if len(pieces) > 1 else 0)
    except ConnectionError:  # who asked has gone
        return


def read_request(connection):
    """Read one request whole."""
    held = b""
    while b"\r\n\r\n" not in held:
        held += connection.recv(1 << 16)
    head, _, body = held.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.startswith(b"content-length: ")]
    length = int(lengths[0].split()[1]) if lengths else 0
    while len(body) < length:
        body += connection.recv(1 << 16)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def scripted():
    made = []

    def start(*scripts, **options):
        server = Scripted(*scripts)
        endpoint = HttpEndpoint("127.0.0.1", server.port, **{"connections": 1, "answer_s": 1.0, **options})
        made.append((server, endpoint))
        return server, endpoint

    yield start
    for server, endpoint in made:
        endpoint.close()
        server.thread.join(5.0)
        assert not server.thread.is_alive(), "the server was not asked all that it had answers for"


def ask(endpoint, body=b"{}"):
    return endpoint.ask([Question(5, body)])[0]


def test_a_request_is_what_http_says_it_should_be(scripted):
    server, endpoint = scripted([OK + b"{}"])
    assert ask(endpoint, b'{"a": 1}') == Answer(200, b"{}")
    lines = server.requests[0].split(b"\r\n")
    assert lines[0] == b"POST /predict HTTP/1.1"
    assert b"host: 127.0.0.1:%d" % server.port in lines
    assert b"content-type: application/json" in lines
    assert b"x-sluiceway-at: 5" in lines
    assert lines[-1] == b'{"a": 1}'
    assert not any(line.startswith(b"authorization") for line in lines)


def test_a_key_goes_with_every_request(scripted):
    server, endpoint = scripted([OK + b"{}", OK + b"{}"], key="secret")
    ask(endpoint)
    endpoint.health()
    assert all(b"\r\nauthorization: Bearer secret\r\n" in request for request in server.requests)


def test_connections_are_kept(scripted):
    server, endpoint = scripted([OK + b"{}"] * 3)
    assert [ask(endpoint).status for _ in range(3)] == [200] * 3
    assert server.connections == 1


def test_an_answer_may_come_in_any_pieces(scripted):
    whole = OK + b"{}"
    _, endpoint = scripted([[whole[place : place + 7] for place in range(0, len(whole), 7)]])
    assert ask(endpoint) == Answer(200, b"{}")


def test_header_names_are_read_in_any_case(scripted):
    _, endpoint = scripted([b"HTTP/1.1 422 Unprocessable\r\nContent-Length:2\r\nServer: x\r\n\r\n[]"])
    assert ask(endpoint) == Answer(422, b"[]")


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 999 What\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}",
        b"x" * 100_000,
    ],
    ids=["chunked", "ssh", "status", "length", "endless"],
)
def test_what_is_not_understood_is_no_answer_and_leaves_nothing_for_the_next_question(scripted, said):
    server, endpoint = scripted([said], [OK + b"{}"])
    assert ask(endpoint) == Answer(0, b"")
    assert ask(endpoint) == Answer(200, b"{}")
    assert server.connections == 2


def test_an_answer_cut_short_is_none(scripted):
    _, endpoint = scripted([OK + b"{"], [OK + b"{}"])
    assert ask(endpoint) == Answer(0, b"")
    assert ask(endpoint).status == 200


def test_what_comes_behind_an_answer_is_not_the_next_one(scripted):
    server, endpoint = scripted([OK + b"{}" + OK + b"[]"], [OK + b"{}"])
    assert ask(endpoint) == Answer(200, b"{}")
    assert ask(endpoint) == Answer(200, b"{}")
    assert server.connections == 2


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one(scripted):
    server, endpoint = scripted([[OK, b"{", b"}"]], [OK + b"[]"], answer_s=0.5 * PAUSE_S)
    assert ask(endpoint) == Answer(0, b"")
    time.sleep(4 * PAUSE_S)
    assert ask(endpoint) == Answer(200, b"[]")
    assert server.connections == 2


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(scripted):
    server, endpoint = scripted([OK + b"{}"], [OK + b"[]"])
    assert ask(endpoint).body == b"{}"
    time.sleep(PAUSE_S)
    assert ask(endpoint).body == b"[]"
    assert server.connections == 2


def test_a_server_that_says_it_closes_is_believed(scripted):
    closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
    server, endpoint = scripted([[closing, b"", b"", b""]], [OK + b"[]"])
    assert [ask(endpoint).body, ask(endpoint).body] == [b"{}", b"[]"]
    assert server.connections == 2


def test_where_nobody_listens_no_answer_comes(unused_port):
    endpoint = HttpEndpoint("127.0.0.1", unused_port)
    assert endpoint.ask([Question(0, b"{}")] * 3) == [Answer(0, b"")] * 3
    assert endpoint.health() == (0, {})
    with pytest.raises(TransientError, match=r"it says nothing \(status 0\)"):
        endpoint.settle(1, wait_s=0.0)


@pytest.mark.parametrize("said", [b"hello world", b"[1]", b'{"sequence": 4}'])
def test_health_is_an_object_or_nothing(scripted, said):
    _, endpoint = scripted([b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(said), said)])
    assert endpoint.health() == (200, {"sequence": 4} if b"sequence" in said else {})


@pytest.fixture
def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]
