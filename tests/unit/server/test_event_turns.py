"""What one request's events meet is told to that request; others go on, and what was held is given back."""

import asyncio

import pytest

from sluiceway.core.errors import SourceError, TransientError
from sluiceway.ports.event_sink import Added, Event
from sluiceway.server.event_turns import EventTurns
from sluiceway.server.refusal import Refusal

GOOD, LARGE = [Event(b"", b"good")], [Event(b"", b"large" * 10)]


class Sink:
    """Refuses what is large, and breaks off as told."""

    def __init__(self, error=None):
        self.error = error
        self.kept = []

    def append(self, topic, events):
        if any(b"large" in event.value for event in events):
            raise SourceError("too large")
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        self.kept += events
        return [Added(0, len(self.kept)) for _ in events]


def told(sink, *requests, most_bytes=1000):
    async def all_of_them():
        turns = EventTurns(sink, most_bytes=most_bytes)
        first = await asyncio.gather(*(turns.add(*each) for each in requests), return_exceptions=True)
        return first, await turns.add("t", GOOD)

    return asyncio.run(asyncio.wait_for(all_of_them(), 10))


def test_an_event_that_is_refused_costs_its_own_request_alone():
    sink = Sink()
    found, after = told(sink, ("t", GOOD), ("t", GOOD), ("t", LARGE), ("u", GOOD))
    assert [type(each) for each in found] == [list, list, Refusal, list]
    assert found[2].status == 503
    assert after
    assert len(sink.kept) == 4


@pytest.mark.parametrize("error", [TransientError("away"), ValueError("what nobody thought of")])
def test_whatever_a_write_meets_the_next_goes_on_and_bytes_are_given_back(error):
    found, after = told(Sink(error), ("t", GOOD), ("u", GOOD), most_bytes=9)
    assert isinstance(found[0], Refusal | ValueError)
    assert isinstance(found[1], list)
    assert after
