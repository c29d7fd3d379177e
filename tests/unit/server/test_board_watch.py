import asyncio

import pytest
from tests import bundles
from tests.unit.server.conftest import Server

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.errors import SourceError


class Counted(ObstoreObjects):
    """Objects that count what is asked, and fail when told to."""

    def __init__(self):
        super().__init__(None)
        self.asked = []
        self.broken = False

    def get(self, key):
        self._count("get", key)
        return super().get(key)

    def list(self, prefix=""):
        self._count("list", prefix)
        return super().list(prefix)

    def _count(self, verb, key):
        self.asked.append((verb, key))
        if self.broken:
            raise SourceError("the object store is away")


@pytest.fixture
def server():
    made = Server(objects=Counted(), look_every_s=0.01)
    made.show(made.shelve())
    made.objects.asked.clear()
    return made


def test_looking_at_an_unchanged_board_is_one_question(server):
    for _ in range(3):
        server.app.watch.look()
    assert server.objects.asked == [("list", "rollouts/live.json")] * 3


def test_the_same_state_shown_again_is_not_loaded_again(server):
    serving = server.app.service.serving
    server.board.show(serving.state)
    server.app.watch.look()
    assert server.app.service.serving is serving


def test_a_board_that_cannot_be_read_is_told_and_forgotten_when_it_can(server):
    server.objects.broken = True
    server.app.watch.look()
    assert "the object store is away" in server.get("/health").json["load_error"]
    assert server.ask().status == 200
    server.objects.broken = False
    server.app.watch.look()
    assert server.get("/health").json["load_error"] == ""


def test_what_could_not_be_loaded_is_tried_again_ever_less_often(server):
    two = server.shelve(bundles.flipped(), "v2")
    whole = server.objects.get(two.key)
    server.objects.put(two.key, b"damaged")
    server.show(two, sequence=2)
    pauses = [server.app.watch._pause_s]
    for _ in range(20):
        server.app.watch.look()
        pauses.append(server.app.watch._pause_s)
    assert pauses == sorted(pauses)
    assert pauses[-1] == 30.0
    assert len([line for line in server.said if "cannot be taken up" in line]) == 1
    server.objects.put(two.key, whole)
    server.app.watch.look()
    assert server.ask().json["model_version"] == "v2"
    assert server.app.watch._pause_s == 0.01


def test_a_challenger_that_was_lacking_is_taken_up_once_it_is_there():
    server = Server()
    two = server.shelve(bundles.flipped(), "v2")
    whole = server.objects.get(two.key)
    server.objects.put(two.key, b"damaged")
    server.show(server.shelve(), two)
    assert server.ask().json["model_version"] == "v1"
    server.app.watch.look()
    assert server.ask().json["model_version"] == "v1"
    server.objects.put(two.key, whole)
    server.app.watch.look()
    assert server.ask().json["model_version"] == "v2"


def test_a_board_with_anything_else_on_it_changes_nothing(server):
    for data in (b"", b"{", b'{"scope":"live"}'):
        server.objects.put("rollouts/live.json", data)
        server.app.watch.look()
        assert "board cannot be read" in server.get("/health").json["load_error"]
        assert server.ask().json["model_version"] == "v1"


def test_what_nobody_foresaw_does_not_end_the_watch(server, monkeypatch):
    monkeypatch.setattr(server.app.service, "swap", lambda state: 1 / 0)
    server.show(server.shelve(bundles.flipped(), "v2"), sequence=2)
    assert "ZeroDivisionError" in server.get("/health").json["load_error"]
    monkeypatch.undo()
    server.app.watch.look()
    assert server.ask().json["model_version"] == "v2"


def test_requests_go_on_while_a_state_is_loaded(server):
    """A load that takes long stands in a thread of its own; every request meanwhile is answered by the old state."""
    import threading

    entered, go = threading.Event(), threading.Event()
    load = server.app.service._loader.load

    def slow(state, old):
        entered.set()
        assert go.wait(10)
        return load(state, old)

    server.app.service._loader.load = slow
    server.board.show(
        server.app.service.serving.state.__class__(
            "live", server.shelve(bundles.constant(0.9), "v2"), 2, server.app.service.serving.state.since, "x"
        )
    )

    async def story():
        watching = asyncio.create_task(server.app.watch.run())
        while not entered.is_set():
            await asyncio.sleep(0.005)
        body = [{"type": "http.request", "body": b"[]"}]
        during = [(await server.speak("GET", "/health", [])).json["version"] for _ in range(5)]
        assert (await server.speak("POST", "/predict", body)).status == 422
        go.set()
        while (await server.speak("GET", "/health", [])).json["version"] != "v2":
            await asyncio.sleep(0.005)
        watching.cancel()
        return during

    assert asyncio.run(asyncio.wait_for(story(), 20)) == ["v1"] * 5


def test_what_lacks_something_is_not_taken_up_is_told_and_is_once_it_is_there(server):
    lacking = True

    def required(state, *, alone):
        assert (state.sequence, alone) == (2, False)
        if lacking:
            raise SourceError("there are no features")

    server.app.watch.required = required
    server.show(server.shelve(bundles.flipped(), "v2"), sequence=2)
    assert server.get("/health").json["version"] == "v1"
    assert server.get("/health").json["load_error"] == ("rollout state 2 cannot be taken up: there are no features")
    lacking = False
    server.app.watch.look()
    assert (server.get("/health").json["version"], server.get("/health").json["load_error"]) == ("v2", "")


def test_a_server_that_lacks_something_from_the_start_is_not_ready():
    fresh = Server()

    def required(state, *, alone):
        assert alone
        raise SourceError("there are no features")

    fresh.app.watch.required = required
    fresh.show(fresh.shelve())
    assert fresh.get("/health/ready").status == 503
    assert fresh.ask().status == 503
