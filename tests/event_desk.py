"""A server that takes events, as callers of ``POST /events`` meet it."""

import asyncio
import json

from tests.unit.server.conftest import NOW, Heard

from sluiceway.adapters.memory_events import MemoryTopic
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.adapters.memory_sink import MemorySink
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.event_intake import EventIntake, RowTime, StreamedSource
from sluiceway.artifacts.serving_contract import Field
from sluiceway.declare.expression import parse_expression
from sluiceway.server.app import serving_app
from sluiceway.server.event_intake import show_intake
from sluiceway.server.options import ServingOptions

AT = "2024-01-01T00:00:00Z"
KINDS = {"carrier": "text", "delay": "integer", "landed_at": "time", "speed": "number", "ok": "boolean"}
ROW = {"carrier": "UA", "delay": 3, "landed_at": AT, "speed": 1.5, "ok": None}


def time_of(text):
    expression = parse_expression(text)
    return RowTime(expression.tree, tuple(expression.columns))


def source(
    name="landings",
    known="landed_at + interval 1 hour",
    form="json",
    keys=("carrier",),
    fact_keys=(),
    lateness="5m",
    read=None,
):
    fields = tuple(Field(column, kind) for column, kind in KINDS.items())
    times = time_of("landed_at"), time_of(known)
    return StreamedSource(name, f"{name}-topic", form, keys, fields, *times, fact_keys, lateness, read)


class Desk:
    """An app that takes events."""

    def __init__(self, sink=None, *sources, **options):
        self.topic = MemoryTopic(4)
        self.objects = ObstoreObjects.memory()
        self.said = []
        show_intake(self.objects, EventIntake(sources or (source(),)))
        sink = sink or MemorySink({"landings-topic": self.topic})
        self.app = serving_app(
            self.objects, MemoryOnline(), MemoryRequests(), ServingOptions(**options), progress=self, sink=sink,
            wall_us=lambda: NOW,
        )  # fmt: skip

    def say(self, text):
        self.said.append(text)

    def advance(self, done, total):
        raise AssertionError

    def post(self, body, path="/events/landings", method="POST", **headers):
        return asyncio.run(self.asked(body, path, method, **headers))

    async def asked(self, body, path="/events/landings", method="POST", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        given.append((b"content-length", str(len(data)).encode()))
        scope = {"type": "http", "method": method, "path": path, "headers": given}
        heard, parts = [], [{"type": "http.request", "body": data, "more_body": False}]

        async def receive():
            return parts.pop(0)

        async def send(message):
            heard.append(message)

        await self.app(scope, receive, send)
        return Heard(heard)

    @property
    def kept(self):
        return [json.loads(value) for log in self.topic.logs for value in log]
