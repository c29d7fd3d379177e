"""Requests that come together are answered together, each as if it had come alone."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import bundles
from tests.unit.server.conftest import NOW, Server

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.adapters.memory_requests import MemoryRequests
from sluiceway.core.errors import SourceError
from sluiceway.server.call import Call

BODIES = [
    json.dumps(each).encode()
    for each in (
        bundles.row(),
        bundles.row(distance=10.0),
        bundles.row(origin=None),
        bundles.row(origin="ZZZ", distance=None),
        [bundles.row(seats=number) for number in range(3)],
        bundles.row(flight_id="UA1"),
        bundles.row(seats="x"),
        [],
    )
] + [b"{", b""]


class Counted(MemoryRequests):
    """A log that counts its writes."""

    def __init__(self):
        super().__init__()
        self.writes = 0

    def append(self, lines):
        self.writes += 1
        super().append(lines)


def posts(server, bodies):
    """Post bodies all at once, as one turn of the event loop finds them."""

    async def story():
        return await asyncio.gather(
            *(server.speak("POST", "/predict", [{"type": "http.request", "body": body}]) for body in bodies)
        )

    return asyncio.run(story())


def told(record):
    return {
        name: getattr(record, name)
        for name in record.__struct_fields__
        if name not in ("request_id", "latency_us", "work_us")
    }


def said(heard):
    return heard.status, {key: value for key, value in heard.json.items() if key not in ("request_id", "latency_ms")}


@given(st.lists(st.sampled_from(BODIES), min_size=1, max_size=12))
@settings(deadline=None, max_examples=40)
def test_together_each_is_answered_and_logged_as_if_it_were_alone(bodies):
    together, alone = Server(), Server()
    for each in (together, alone):
        each.show(each.shelve())
    heard = posts(together, bodies)
    assert [said(each) for each in heard] == [said(alone.ask(body)) for body in bodies]
    assert [told(each) for each in together.records] == [told(each) for each in alone.records]
    assert len({each.json["request_id"] for each in heard}) == len(bodies)


def test_what_came_together_is_written_at_once():
    server = Server(log=Counted())
    server.show(server.shelve())
    assert {each.status for each in posts(server, [BODIES[0]] * 20)} == {200}
    assert (server.log.writes, len(server.records)) == (1, 20)


def test_while_two_are_compared_each_request_is_answered_by_itself():
    server = Server(log=Counted())
    server.show(server.shelve(), server.shelve(bundles.flipped(), "v2"), share=0.5, by=("seats",))
    bodies = [json.dumps(bundles.row(seats=number)).encode() for number in range(30)]
    assert {each.json["model_version"] for each in posts(server, bodies)} == {"v1", "v2"}
    assert server.log.writes == 30
    assert all(record.work_us <= record.latency_us for record in server.records)


def test_one_that_fails_harms_none_of_the_others():
    server = Server()
    server.show(server.shelve(bundles.raising_where_above(400)))
    heard = posts(server, [json.dumps(bundles.row(distance=value)).encode() for value in (1.0, 500.0, 2.0)])
    assert [each.status for each in heard] == [200, 500, 200]
    assert [record.status for record in server.records] == [200, 500, 200]


def test_a_store_that_fails_is_told_to_each():
    class Gone(MemoryOnline):
        def read(self, view, keys):
            raise SourceError("the online store is gone")

    server = Server(online=Gone())
    server.show(server.shelve())
    assert [each.status for each in posts(server, BODIES[:3])] == [503] * 3
    assert [record.status for record in server.records] == [503] * 3


def test_a_log_that_cannot_be_written_leaves_nobody_with_an_answer():
    class Full(MemoryRequests):
        def append(self, lines):
            raise SourceError("the disk is full")

    server = Server(log=Full())
    server.show(server.shelve())
    assert [each.status for each in posts(server, BODIES[:3])] == [503] * 3


def test_latency_has_in_it_what_came_before(monkeypatch):
    server = Server()
    server.show(server.shelve(), server.shelve(bundles.flipped(), "v2"), share=0.0)
    posts(server, [BODIES[0]] * 50)
    latency = [record.latency_us for record in server.records]
    assert latency[-1] >= sum(record.work_us for record in server.records[:-1])


def test_a_caller_that_is_gone_before_its_turn_is_left_out(server):
    turns = server.app._routes._turns

    async def story():
        gone = asyncio.create_task(turns.reply(BODIES[0], Call("gone", NOW, NOW, 0)))
        there = asyncio.create_task(turns.reply(BODIES[0], Call("there", NOW, NOW, 0)))
        await asyncio.sleep(0)
        gone.cancel()
        reply = await there
        with pytest.raises(asyncio.CancelledError):
            await gone
        return reply

    assert asyncio.run(story()).status == 200
    assert [record.request_id for record in server.records] == ["there"]
    assert turns._waiting == []
