"""What callers may do wrong: each has its answer, stands in the log, and leaves a server that answers the next."""

import json
import socket
import time

import pytest
from tests.bundles import row
from tests.served_project import Stand, eventually

GOOD = row()
LACKING = {name: value for name, value in GOOD.items() if name != "origin"}
WITH_NAN = json.dumps(GOOD | {"distance": float("nan")}).encode()
WITH_INFINITY = json.dumps(GOOD | {"distance": float("-inf")}).encode()
WRONG = {
    "no JSON": (b"{'carrier': 'AA'}", 400, "no JSON"),
    "half of it": (json.dumps(GOOD).encode()[:-9], 400, "no JSON"),
    "nothing": (b"", 400, "no JSON"),
    "no UTF-8": (b'{"carrier": "\xff"}', 400, "no JSON"),
    "endless nesting": (b"[" * 100_000, 400, "nested too deep"),
    "NaN": (WITH_NAN, 400, "no JSON"),
    "infinity": (WITH_INFINITY, 400, "no JSON"),
    "a number too large": (json.dumps(GOOD).replace("500.0", "1e999").encode(), 422, "'distance' is inf"),
    "neither object nor array": (b'"AA"', 422, "object"),
    "no rows": (b"[]", 422, "empty"),
    "a field too few": (json.dumps(LACKING).encode(), 422, "origin"),
    "a field too many": (json.dumps(GOOD | {"colour": "red"}).encode(), 422, "colour"),
    "a text for a number": (json.dumps(GOOD | {"distance": "far"}).encode(), 422, "distance"),
    "a number for a text": (json.dumps(GOOD | {"carrier": 1}).encode(), 422, "carrier"),
    "a fraction for a whole number": (json.dumps(GOOD | {"seats": 1.5}).encode(), 422, "seats"),
    "no time": (json.dumps(GOOD | {"scheduled_departure": "tomorrow"}).encode(), 422, "scheduled_departure"),
    "one bad row of three": (json.dumps([GOOD, GOOD | {"seats": "many"}, GOOD]).encode(), 422, "seats"),
    "too many rows": (json.dumps([GOOD] * 10_000).encode(), 413, "10,000 rows"),
    "50 MB": (b" " * 50_000_000, 413, "larger than 4,194,304 bytes"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    stand = Stand(tmp_path_factory.mktemp("requests") / "project")
    with stand.serving("--body-timeout", "1s") as running:
        yield running


@pytest.fixture(autouse=True)
def _answers_the_next(server):
    yield
    assert server.ask(GOOD).status == 200
    assert len(server.workers()) == 1


@pytest.fixture
def logged(server):
    """What a test adds to the log."""
    before = len(server.stand.records())
    return lambda: server.stand.records()[before:]


def raw(server, *parts, pause_s=0.0):
    """Send bytes over a connection of one's own, with pauses between them, and return the whole answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as opened:
        for part in parts:
            opened.sendall(part)
            time.sleep(pause_s)
        return read_to_end(opened)


def read_to_end(opened):
    answer = b""
    while part := opened.recv(1 << 16):
        answer += part
    return answer


def head(length, *more):
    return "\r\n".join(["POST /predict HTTP/1.1", "host: x", f"content-length: {length}", *more, "", ""]).encode()


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_is_wrong_is_said_and_logged(server, logged, wrong):
    body, status, words = WRONG[wrong]
    said = server.ask(body)
    assert (said.status, words in said.json["error"]) == (status, True), said
    [record] = logged()
    assert (record.request_id, record.status, record.error) == (said.json["request_id"], status, said.json["error"])
    assert (record.rows, record.features, record.scope) == (0, {}, "live")


def test_a_wrong_request_among_good_ones_on_one_connection_harms_only_itself(server, logged):
    caller = server.caller()
    said = [caller.ask(body).status for body in (GOOD, WITH_NAN, GOOD, LACKING, [GOOD] * 3)]
    caller.close()
    assert said == [200, 400, 200, 422, 200]
    assert [(record.status, record.row, record.rows) for record in logged()] == [
        (200, 0, 1), (400, 0, 0), (200, 0, 1), (422, 0, 0), (200, 0, 3), (200, 1, 3), (200, 2, 3),
    ]  # fmt: skip


def test_an_entity_that_nobody_knows_is_answered_from_what_the_request_says(server, logged):
    server.stand.know_wind("JFK", 12.5)
    known, unknown = server.ask(row(origin="JFK")), server.ask(row(origin="XXX"))
    assert (known.status, unknown.status) == (200, 200)
    first, second = logged()
    assert (first.features["origin_weather__latest_wind"], second.features["origin_weather__latest_wind"]) == (
        12.5,
        None,
    )
    assert second.views == {"origin_weather": None}


def test_missing_values_are_answered(server, logged):
    said = server.ask(dict.fromkeys(GOOD))
    assert said.status == 200
    assert logged()[0].inputs == dict.fromkeys(GOOD)


def test_a_client_that_drips_its_body_is_told_so_in_time_while_others_are_answered(server, logged):
    body = json.dumps(GOOD).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as opened:
        begun = time.monotonic()
        opened.sendall(head(len(body)))
        waited = 0.0
        for place in range(5):
            opened.sendall(body[place : place + 1])
            asked = time.monotonic()
            assert server.ask(GOOD).status == 200
            waited = max(waited, time.monotonic() - asked)
            time.sleep(0.05)
        answer = read_to_end(opened)
        assert 0.9 < time.monotonic() - begun < 5
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive within 1 seconds" in answer
    assert waited < 0.8
    assert [record.status for record in logged()].count(408) == 1


def test_a_client_that_never_ends_its_headers_keeps_nobody_waiting(server, logged):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as opened:
        opened.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\nx-")
        assert server.ask(GOOD).status == 200
    assert [record.status for record in logged()] == [200]


def test_a_caller_that_goes_away_in_its_body_is_logged(server, logged):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as opened:
        opened.sendall(head(1000) + b'{"carrier"')
        time.sleep(0.1)
    [record] = eventually(logged)
    assert (record.status, "went away" in record.error) == (499, True)


def test_a_caller_that_goes_away_before_its_answer_harms_nobody(server, logged):
    body = json.dumps(GOOD).encode()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as opened:
            opened.sendall(head(len(body)) + body)
    assert server.ask(GOOD).status == 200
    *gone, last = eventually(logged)  # whom the server finds gone before it begins, it does not answer
    assert {record.status for record in gone} <= {200, 499}
    assert last.status == 200


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"POST /predict HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    ],
    ids=["TLS", "no version", "a negative length"],
)
def test_what_is_no_http_gets_no_prediction(server, logged, said):
    answer = raw(server, said + b"\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert logged() == []


def test_a_body_without_a_length_is_read_in_its_chunks(server, logged):
    body = json.dumps(GOOD).encode()
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:10], body[10:])]
    said = b"".join(
        [head(0).replace(b"content-length: 0", b"transfer-encoding: chunked\r\nconnection: close"), *chunks]
    )
    answer = raw(server, said + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert [record.status for record in logged()] == [200]


def test_a_chunked_body_without_end_is_refused_once_it_is_too_large(server, logged):
    chunk = b"%x\r\n%s\r\n" % (1 << 20, b" " * (1 << 20))
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as opened:
        opened.sendall(head(0).replace(b"content-length: 0", b"transfer-encoding: chunked"))
        with pytest.raises(ConnectionError):
            opened.sendall(chunk * 100)
    [record] = eventually(logged)
    assert record.status == 413


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/predict", 405), ("POST", "/health", 405), ("GET", "/x", 404)]
)
def test_other_paths_and_methods_are_told_what_there_is(server, logged, method, path, status):
    caller = server.caller()
    said = caller.ask(b"{}", path, method)
    caller.close()
    assert said.status == status
    assert "/predict" in said.json["error"] or "takes" in said.json["error"]
    assert logged() == []


def test_only_who_shows_the_key_is_answered(tmp_path):
    stand = Stand(tmp_path / "project")
    with stand.serving(key="open sesame") as server:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"x-api-key": "open"}, {"authorization": "open sesame"}):
            server.headers = headers
            assert server.ask(GOOD).status == 401
            assert server.get("/rollout").status == 401
            assert server.get("/health").status == 200
        for headers in ({"authorization": "Bearer open sesame"}, {"x-api-key": "open sesame"}):
            server.headers = headers
            assert server.ask(GOOD).status == 200
            assert server.get("/rollout").status == 200
    assert [record.status for record in stand.records()] == [200, 200]
