import asyncio
import json

import pytest
from tests import bundles
from tests.unit.server.conftest import Server

from sluiceway.server.limits import Limits

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


def test_a_slow_caller_does_not_cost_the_quick_ones_their_answer(small):
    """Bodies share a timer: each is late by itself alone, also those that began while it was running."""

    async def story():
        quick = [part(BODY, more=False)]
        late = [0.15, *quick]
        first = asyncio.create_task(small.speak("POST", "/predict", [part(BODY[:5]), 5.0]))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(small.speak("POST", "/predict", late))
        third = asyncio.create_task(small.speak("POST", "/predict", [5.0]))
        between = await small.speak("POST", "/predict", quick)
        return [between.status, *[(await each).status for each in (first, second, third)]]

    assert asyncio.run(asyncio.wait_for(story(), 20)) == [200, 408, 200, 408]
    assert len(small.records) == 4


def test_bodies_that_are_too_many_at_once_are_told_to_come_again():
    server = Server(limits=Limits(len(BODY), body_s=0.2, waiting_bytes=2 * len(BODY)))
    server.show(server.shelve())
    told = [(b"content-length", str(len(BODY)).encode())]

    async def story():
        slow = [asyncio.create_task(server.speak("POST", "/predict", [5.0], told)) for _ in range(2)]
        await asyncio.sleep(0.05)
        refused = await server.speak("POST", "/predict", [part(BODY, more=False)], told)
        late = [(await each).status for each in slow]
        after = await server.speak("POST", "/predict", [part(BODY, more=False)], told)
        return refused, late, after.status

    refused, late, after = asyncio.run(story())
    assert (refused.status, refused.headers[b"connection"]) == (503, b"close")
    assert f"more than {2 * len(BODY):,} bytes" in refused.json["error"]
    assert (late, after) == ([408, 408], 200)


def test_a_call_that_the_server_ends_is_not_taken_for_a_slow_one(small):
    async def story():
        call = asyncio.create_task(small.speak("POST", "/predict", [5.0]))
        await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(story())
    assert small.records == []


def test_a_body_in_a_hundred_thousand_pieces_takes_no_time():
    server = Server()
    server.show(server.shelve())
    spaces = [part(b" ")] * 100_000
    assert post(server, [*spaces, part(BODY, more=False)]).status == 200
