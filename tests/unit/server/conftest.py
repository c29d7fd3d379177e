"""A server without a network: the whole app, called as an ASGI server calls it."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from tests import bundles

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.rollout_state import LIVE, RolloutState
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value
from sluiceway.plans.request_log import records_of
from sluiceway.server.app import serving_app
from sluiceway.server.board import Board
from sluiceway.server.options import ServingOptions

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
NOW = 1_700_000_000_000_000
WIND = PackedValue(event_time=1, known_time=1, known_through=2, written=3, features=[12.5])


class Heard:
    """What a server said: status, headers, body; no status where it said nothing."""

    def __init__(self, messages):
        self.status = messages[0]["status"] if messages else None
        self.headers = dict(messages[0]["headers"]) if messages else {}
        self.body = b"".join(message.get("body", b"") for message in messages)

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """An app with everything below it in memory. ``said`` is what it told of itself."""

    def __init__(self, *, log=None, online=None, objects=None, **options):
        self.objects = objects or ObstoreObjects.memory()
        self.online = online or MemoryOnline()
        self.log = log or MemoryRequests()
        self.said = []
        self.scope = options.get("scope", LIVE)
        self.board = Board(self.objects, self.scope)
        self.app = serving_app(
            self.objects, self.online, self.log, ServingOptions(**options), progress=self, wall_us=lambda: NOW
        )
        self.online.write(bundles.WIND.digest, [(pack_key(["EWR"]), pack_value(WIND))])

    def say(self, text):
        self.said.append(text)

    def advance(self, done, total):
        raise AssertionError("a server has no end to come closer to")

    def shelve(self, model=None, version="v1", **bundle):
        return bundles.shelved(self.objects, model or bundles.logistic(), version, **bundle)

    def show(self, champion, challenger=None, *, share=1.0, sequence=1, by=()):
        state = RolloutState(
            self.scope, champion, sequence, BEGAN, f"state {sequence}", challenger, share if challenger else 0.0, by=by
        )
        self.board.show(state)
        self.app.watch.look()
        return state

    def ask(self, body=None, **headers):
        """Post a request; a body that is no bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(bundles.row() if body is None else body).encode()
        return self.call("POST", "/predict", [data], **headers)

    def get(self, path, **headers):
        return self.call("GET", path, [], **headers)

    def call(self, method, path, parts, **headers):
        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        messages = [
            {"type": "http.request", "body": part, "more_body": place + 1 < len(parts)}
            for place, part in enumerate(parts or [b""])
        ]
        return asyncio.run(self.speak(method, path, messages, given))

    async def speak(self, method, path, messages, headers=()):
        """Let a client send messages; a number among them is a pause in seconds."""
        waiting, sent = iter(messages), []

        async def receive():
            message = next(waiting)
            if isinstance(message, (int, float)):
                await asyncio.sleep(message)
                return await receive()
            return message

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
        await self.app(scope, receive, send)
        return Heard(sent)

    @property
    def records(self):
        return [record for _, chunk in self.log.read() for record in records_of(chunk)]


@pytest.fixture
def server():
    """A live server with ``logistic`` as ``v1``."""
    made = Server()
    made.show(made.shelve())
    return made
