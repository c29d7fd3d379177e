import asyncio
import subprocess
import sys

from tests import bundles
from tests.unit.server.conftest import Server

HEAVY = [
    "pandas",
    "polars",
    "mlflow",
    "duckdb",
    "sqlglot",
    "sklearn",
    "scipy",
    "lightgbm",
    "pyarrow",
    "deltalake",
    "optuna",
]


async def lived(app, during):
    """Run an app's lifespan as a server does, with something in between."""
    to_app, from_app = asyncio.Queue(), asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    assert (await from_app.get())["type"] == "lifespan.startup.complete"
    result = await during()
    await to_app.put({"type": "lifespan.shutdown"})
    assert (await from_app.get())["type"] == "lifespan.shutdown.complete"
    await life
    return result


def test_a_lifespan_loads_watches_and_ends():
    server = Server(look_every_s=0.01)
    one = server.shelve()
    server.board.show(server.show(one))
    server.app.service.serving = None

    async def story():
        first = (await server.speak("GET", "/health", [])).json["sequence"]
        server.board.show(
            type(server.app.service.serving.state)(
                "live", server.shelve(bundles.constant(0.9), "v2"), 2, server.app.service.serving.state.since, "x"
            )
        )
        while (await server.speak("GET", "/health", [])).json["sequence"] != 2:
            await asyncio.sleep(0.005)
        return first

    async def whole():
        before = asyncio.all_tasks()
        found = await lived(server.app, story)
        assert asyncio.all_tasks() == before, "nothing watches any more"
        return found

    server.app.watch._seen = ""
    assert asyncio.run(asyncio.wait_for(whole(), 20)) == 1


def test_a_server_starts_also_where_there_is_nothing_to_serve_yet():
    server = Server(look_every_s=0.01)

    async def story():
        assert (await server.speak("GET", "/health/ready", [])).status == 503
        server.board.show(server.show(server.shelve()))
        while (await server.speak("GET", "/health/ready", [])).status != 200:
            await asyncio.sleep(0.005)
        return True

    assert asyncio.run(asyncio.wait_for(lived(server.app, story), 20))


def test_other_protocols_are_turned_away():
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    asyncio.run(Server().app({"type": "websocket"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1000}]


def test_a_served_request_loads_nothing_heavy(tmp_path):
    code = f"""
import asyncio, json, sys
from datetime import datetime, UTC
from pathlib import Path
from tests import bundles
from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.adapters.request_folder import RequestFolder
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.server.app import serving_app
from sluiceway.server.board import Board

folder = Path({str(tmp_path)!r})
objects, log = ObstoreObjects.local(folder / "objects"), RequestFolder(folder / "requests")
served = bundles.shelved(objects, bundles.logistic())
Board(objects, "live").show(RolloutState("live", served, 1, datetime(2024, 1, 1, tzinfo=UTC), "x"))
app = serving_app(objects, LmdbOnline(folder / "online"), log)
app.watch.look()
sent = []
async def receive(): return {{"type": "http.request", "body": json.dumps(bundles.row()).encode()}}
async def send(message): sent.append(message)
asyncio.run(app({{"type": "http", "method": "POST", "path": "/predict", "headers": []}}, receive, send))
assert sent[0]["status"] == 200, sent
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
