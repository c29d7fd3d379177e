"""What every alerter promises."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from sluiceway.adapters.apprise_alerter import AppriseAlerter
from sluiceway.adapters.every_alerter import EveryAlerter
from sluiceway.adapters.log_alerter import LogAlerter
from sluiceway.adapters.memory_alerter import MemoryAlerter
from sluiceway.artifacts.health_report import ALERT, Alert

COST = Alert(ALERT, "cost", "cost per row", "a request costs 67 % more", 0.67, 0.05, datetime(2013, 12, 5, tzinfo=UTC))
DRIFT = Alert(ALERT, "data_drift", "temp", "temp moved: PSI 3.80, limit 0.2", 3.8, 0.2)


class Webhook(BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers as its server is told to."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.heard.append(f"{body['title']}\n{body['message']}")
        self.send_response(self.server.answers)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def webhook(answers: int = 200, *, port: int = 0) -> Iterator[HTTPServer]:
    """A real server, on a free port unless one is given."""
    with HTTPServer(("127.0.0.1", port), Webhook) as server:
        server.heard, server.answers = [], answers
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def at(server: HTTPServer) -> str:
    return f"json://127.0.0.1:{server.server_port}/hooks/T0KEN-secret"


@pytest.fixture(params=["log", "apprise", "memory", "every"])
def made(request, tmp_path):
    """An alerter with one or more places that work, and what arrived there so far as text."""
    path = tmp_path / "state" / "alerts.jsonl"
    memory, log = MemoryAlerter(), LogAlerter(path)

    def written() -> str:
        return path.read_text() if path.exists() else ""

    if request.param == "memory":
        yield memory, lambda: str(memory.sent)
    elif request.param == "log":
        yield log, written
    else:
        with webhook() as server:
            apprise = AppriseAlerter([at(server)])
            every = EveryAlerter([log, memory, apprise])
            yield (apprise if request.param == "apprise" else every), lambda: "\n".join(server.heard)


def test_places_have_names_of_their_own_without_secrets(made):
    alerter, _ = made
    assert len(alerter.places) == len(set(alerter.places)) > 0
    assert not any("T0KEN" in place or "127.0.0.1" in place for place in alerter.places)


def test_alerts_arrive_together_with_their_title(made):
    alerter, arrived = made
    assert alerter.send("December 2013", [COST, DRIFT], places=alerter.places) == {}
    assert [words for words in ("December 2013", COST.message, DRIFT.message) if words not in arrived()] == []


def test_a_place_that_is_not_asked_for_hears_nothing(made):
    alerter, arrived = made
    before = arrived()
    assert alerter.send("title", [COST], places=()) == {}
    assert alerter.send("title", [COST], places=("elsewhere",)) == {}
    assert arrived() == before


def test_nothing_to_tell_is_not_told(made):
    alerter, arrived = made
    before = arrived()
    assert alerter.send("title", [], places=alerter.places) == {}
    assert COST.message not in arrived()
    assert len(arrived()) in {len(before), len(str([("memory", "title", ())]))}


def test_it_remembers_nothing_of_what_it_sent(made):
    alerter, arrived = made
    alerter.send("title", [COST], places=alerter.places)
    alerter.send("title", [COST], places=alerter.places)
    assert arrived().count(COST.message) == 2


def broken_log(tmp_path):
    (tmp_path / "alerts.jsonl").mkdir()
    return LogAlerter(tmp_path / "alerts.jsonl")


def refusing_webhook(tmp_path):
    with webhook() as server:
        address = at(server)
    return AppriseAlerter([address])


BROKEN = {
    "log": broken_log,
    "apprise": refusing_webhook,
    "memory": lambda _: MemoryAlerter(broken={"memory": "no answer"}),
    "every": lambda tmp_path: EveryAlerter([refusing_webhook(tmp_path)]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_place_that_fails_is_named_with_its_reason_and_raises_nothing(name, tmp_path):
    alerter = BROKEN[name](tmp_path)
    failed = alerter.send("title", [COST], places=alerter.places)
    assert tuple(failed) == alerter.places
    assert all(why and "T0KEN" not in why for why in failed.values())
