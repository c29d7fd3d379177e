"""What every endpoint promises."""

import asyncio
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, BrokenBarrierError, Thread

import pytest

from sluiceway.adapters.http_endpoint import HttpEndpoint
from sluiceway.adapters.in_process_endpoint import InProcess
from sluiceway.core.errors import TransientError
from sluiceway.ports.endpoint import Answer, Question

ADAPTERS = {
    "http": lambda server: HttpEndpoint(*server.server_address, connections=8, answer_s=5.0),
    "in process": lambda server: InProcess(app_of(server)),
}
PATIENCE_S = 5


class Server(ThreadingHTTPServer):
    """A server that does as its requests say, and shows the rollout state that it is told."""

    daemon_threads = True
    sequence = 1
    together = Barrier(1)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.say(200, {"sequence": self.server.sequence, "ready": True})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        time.sleep(asked.get("pause_s", 0))
        if asked.get("drop"):
            self.close_connection = True
            return
        if asked.get("together"):
            try:
                self.server.together.wait(PATIENCE_S)
            except BrokenBarrierError:
                self.say(500, {})
                return
        at = int(self.headers["x-sluiceway-at"])
        self.say(asked.get("status", 200), asked | {"path": self.path, "at": at, "fill": "x" * asked.get("fill", 0)})

    def say(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def app_of(server):
    """The same server as an ASGI app."""
    waiting = []

    async def app(scope, receive, send):
        async def say(status, answer):
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

        if scope["method"] == "GET":
            await say(200, {"sequence": server.sequence, "ready": True})
            return
        asked = json.loads((await receive())["body"])
        await asyncio.sleep(asked.get("pause_s", 0))
        if asked.get("drop"):
            return
        if asked.get("together"):
            waiting.append(asked)
            deadline = time.monotonic() + PATIENCE_S
            while len(waiting) < server.together.parties and time.monotonic() < deadline:
                await asyncio.sleep(0.01)
            if len(waiting) < server.together.parties:
                await say(500, {})
                return
        at = int(dict(scope["headers"])[b"x-sluiceway-at"])
        path, fill = scope["path"], "x" * asked.get("fill", 0)
        await say(asked.get("status", 200), asked | {"path": path, "at": at, "fill": fill})

    return app


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Handler) as made:
        running = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        running.start()
        yield made
        made.shutdown()
        running.join()


@pytest.fixture(params=ADAPTERS)
def endpoint(request, server):
    made = ADAPTERS[request.param](server)
    yield made
    made.close()


def question(at=0, **asked):
    return Question(at, json.dumps(asked).encode())


def test_a_question_goes_to_predict_with_its_body_and_its_moment(endpoint):
    [answer] = endpoint.ask([question(1_383_278_400_000_001, row=7)])
    assert answer.status == 200
    assert json.loads(answer.body) == {"path": "/predict", "at": 1_383_278_400_000_001, "fill": "", "row": 7}


def test_nothing_asked_is_nothing_answered(endpoint):
    assert endpoint.ask([]) == []


def test_answers_come_in_the_order_of_the_questions_whichever_is_ready_first(endpoint):
    answers = endpoint.ask([question(row=row, pause_s=0.2 - row * 0.05) for row in range(4)])
    assert [json.loads(answer.body)["row"] for answer in answers] == [0, 1, 2, 3]


def test_all_questions_of_a_group_are_under_way_at_once(endpoint, server):
    server.together = Barrier(8)
    answers = endpoint.ask([question(together=True) for _ in range(8)])
    assert [answer.status for answer in answers] == [200] * 8


def test_a_group_of_any_size_is_answered_whole(endpoint):
    answers = endpoint.ask([question(row=row) for row in range(100)])
    assert [json.loads(answer.body)["row"] for answer in answers] == list(range(100))


@pytest.mark.parametrize("status", [400, 413, 422, 500, 503])
def test_a_refusal_is_an_answer(endpoint, status):
    [answer] = endpoint.ask([question(status=status)])
    assert (answer.status, json.loads(answer.body)["status"]) == (status, status)


def test_a_large_answer_comes_whole(endpoint):
    [answer, small] = endpoint.ask([question(fill=3_000_000), question(row=1)])
    assert len(json.loads(answer.body)["fill"]) == 3_000_000
    assert json.loads(small.body)["row"] == 1


def test_where_no_answer_comes_the_status_is_0_and_only_there(endpoint):
    answers = endpoint.ask([question(row=0), question(drop=True), question(row=2)])
    assert answers[1] == Answer(0, b"")
    assert [json.loads(answers[place].body)["row"] for place in (0, 2)] == [0, 2]
    assert [answer.status for answer in endpoint.ask([question()] * 3)] == [200] * 3


def test_it_settles_at_once_where_the_state_is_there(endpoint, server):
    server.sequence = 3
    endpoint.settle(3, wait_s=0.0)


def test_it_settles_once_the_state_comes(endpoint, server):
    def later():
        time.sleep(0.2)
        server.sequence = 2

    changing = Thread(target=later)
    changing.start()
    endpoint.settle(2, wait_s=PATIENCE_S)
    assert server.sequence == 2
    changing.join()


def test_a_state_that_does_not_come_in_time_is_an_error_that_says_what_there_is(endpoint):
    with pytest.raises(TransientError, match=r"did not take rollout state 9 within 0\.1 s.*'sequence': 1"):
        endpoint.settle(9, wait_s=0.1)
