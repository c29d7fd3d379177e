import asyncio
import json

import pytest
from tests import bundles
from tests.unit.deploy.conftest import Server

from sluiceway.deploy.limits import Limits

BODY = json.dumps(bundles.row()).encode()


@pytest.fixture
def small():
    made = Server(limits=Limits(body_bytes=len(BODY), body_s=0.2))
    made.show(made.shelve())
    return made


def part(body, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


def post(server, messages, headers=()):
    return asyncio.run(server.speak("POST", "/predict", messages, headers))


def test_a_body_may_come_in_any_pieces(small):
    pieces = [part(BODY[place : place + 7]) for place in range(0, len(BODY), 7)]
    assert post(small, [part(b""), *pieces, part(b"", more=False)]).status == 200
    assert post(small, [part(BODY), {"type": "http.request"}]).status == 200


def test_a_body_may_be_as_large_as_the_limit_and_no_larger(small):
    assert small.ask(BODY).status == 200
    heard = small.ask(BODY + b" ")
    assert (heard.status, heard.headers[b"connection"]) == (413, b"close")
    assert f"larger than {len(BODY):,} bytes" in heard.json["error"]


def test_what_says_that_it_is_too_large_is_not_read_at_all(small):
    told = [(b"content-length", str(len(BODY) + 1).encode())]
    assert post(small, [], told).status == 413
    assert small.records[0].status == 413


def test_what_grows_too_large_is_not_read_to_its_end(small):
    assert post(small, [part(BODY), part(b" ")]).status == 413


@pytest.mark.parametrize("told", [b"", b"x", b"-5", b"1e9"])
def test_a_length_that_is_none_is_not_believed(small, told):
    assert post(small, [part(BODY, more=False)], [(b"content-length", told)]).status == 200


def test_a_caller_that_dawdles_is_told_and_left(small):
    heard = post(small, [part(BODY[:5]), 5.0, part(BODY[5:], more=False)])
    assert (heard.status, heard.headers[b"connection"]) == (408, b"close")
    assert "within 0.2 seconds" in heard.json["error"]
    assert small.records[0].status == 408


def test_pieces_that_drip_do_not_stretch_the_time(small):
    drips = [message for place in range(40) for message in (0.02, part(BODY[place : place + 1]))]
    assert post(small, drips).status == 408


def test_a_caller_that_goes_away_is_logged_and_not_answered(small):
    heard = post(small, [part(BODY[:5]), {"type": "http.disconnect"}])
    assert heard.status is None
    assert [(record.status, record.error) for record in small.records] == [
        (499, "the caller went away before its request was whole")
    ]
