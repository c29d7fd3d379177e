"""RSGI: the same routes, asked as granian asks."""

import asyncio
import json

import pytest
from tests import bundles
from tests.unit.server.conftest import Server

from sluiceway.server.limits import Limits

BODY = json.dumps(bundles.row()).encode()


class RSGIProtocolClosed(RuntimeError):  # noqa: N818
    """As granian names it."""


class Headers(dict):
    pass


class Scope:
    def __init__(self, method, path, headers):
        self.method, self.path, self.headers = method, path, Headers(headers)


class Protocol:
    """A caller that sends pieces; ``None`` among them is where it goes away, a number a pause in seconds."""

    def __init__(self, pieces):
        self.pieces = pieces
        self.heard = None

    async def __call__(self):
        return b"".join([piece async for piece in self])

    async def __aiter__(self):
        for piece in self.pieces:
            if piece is None:
                raise RSGIProtocolClosed
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            else:
                yield piece

    def response_bytes(self, status, headers, body):
        self.heard = status, dict(headers), body


def call(server, pieces=(BODY,), method="POST", path="/predict", **headers):
    protocol = Protocol(pieces)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    asyncio.run(server.app.__rsgi__(Scope(method, path, given), protocol))
    return protocol.heard


def test_a_prediction_by_rsgi_is_that_of_asgi(server):
    status, headers, body = call(server, content_length=str(len(BODY)), x_request_id="mine")
    heard = server.ask(BODY, x_request_id="mine")
    assert (status, headers) == (200, {name.decode(): value.decode() for name, value in heard.headers.items()} | {
        "content-length": str(len(body))
    })  # fmt: skip
    assert json.loads(body)["probability"] == heard.json["probability"]
    assert [record.request_id for record in server.records] == ["mine", "mine"]


@pytest.mark.parametrize("headers", [{}, {"content_length": str(len(BODY))}])
def test_a_body_may_come_in_pieces(server, headers):
    assert call(server, [BODY[:9], b"", BODY[9:]], **headers)[0] == 200


def test_pages_answer_too(server):
    assert call(server, [], "GET", "/health/ready")[0] == 200
    assert call(server, [], "HEAD", "/health/ready")[2] == b""
    assert call(server, [], "GET", "/nowhere")[0] == 404


@pytest.mark.parametrize("headers", [{}, {"content_length": str(len(BODY) + 1)}])
def test_a_body_that_is_too_large_is_refused(headers):
    server = Server(limits=Limits(body_bytes=len(BODY)))
    server.show(server.shelve())
    status, answered, _ = call(server, [BODY, b" "], **headers)
    assert (status, answered["connection"]) == (413, "close")


@pytest.mark.parametrize("headers", [{}, {"content_length": "500"}])
def test_a_caller_that_goes_away_is_logged_and_hears_nothing(server, headers):
    assert call(server, [BODY[:5], None], **headers) is None
    assert [record.status for record in server.records] == [499]


@pytest.mark.parametrize("headers", [{}, {"content_length": "500"}])
def test_a_caller_that_dawdles_is_told(headers):
    server = Server(limits=Limits(body_s=0.1))
    server.show(server.shelve())
    assert call(server, [BODY[:5], 5.0, BODY[5:]], **headers)[0] == 408


def test_a_caller_that_is_gone_when_it_is_answered_is_no_error(server):
    class Deaf(Protocol):
        def response_bytes(self, status, headers, body):
            raise RSGIProtocolClosed

    asyncio.run(server.app.__rsgi__(Scope("POST", "/predict", {}), Deaf([BODY])))
    assert [record.status for record in server.records] == [200]


def test_the_board_is_watched_from_the_first_request_to_the_last():
    server = Server(look_every_s=0.01)
    server.board.show(server.show(server.shelve()))
    server.app.service.serving, server.app.watch._seen = None, ""

    async def story():
        loop, before = asyncio.get_running_loop(), asyncio.all_tasks()
        server.app.__rsgi_init__(loop)
        assert server.app.service.serving is not None
        server.app.__rsgi_del__(loop)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before

    asyncio.run(story())
