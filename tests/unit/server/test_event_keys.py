"""Requests that are sent again under their keys: taken once, answered alike, forgotten where they failed."""

import asyncio

import pytest

from sluiceway.server.event_keys import LONGEST_KEY, EventKeys
from sluiceway.server.refusal import Refusal


class Desk:
    """Counts what is taken; ``fails`` so many times."""

    def __init__(self, keys=None, fails=0):
        self.keys, self.fails, self.taken = keys or EventKeys(), fails, []

    async def post(self, key, body=b"{}", source="landings"):
        async def take():
            await asyncio.sleep(0.01)
            if self.fails:
                self.fails -= 1
                raise Refusal(503, "the disk is full")
            self.taken.append(body)
            return b"%s was number %d" % (body, len(self.taken))

        return await self.keys.once(source, key, body, take)


def test_a_body_is_taken_once_by_its_key_and_answered_alike():
    async def story():
        desk = Desk()
        first = await desk.post("a")
        assert await desk.post("a") == first
        assert await desk.post("b") != first
        assert await desk.post("a", source="other") != first
        assert await desk.post("") != await desk.post("")
        return desk.taken

    assert len(asyncio.run(story())) == 5


def test_one_that_is_under_way_is_waited_for():
    async def story():
        desk = Desk()
        answers = await asyncio.gather(*(desk.post("a") for _ in range(5)))
        return desk.taken, set(answers)

    assert asyncio.run(story()) == ([b"{}"], {b"{} was number 1"})


def test_one_that_failed_is_taken_when_it_is_sent_again():
    async def story():
        desk = Desk(fails=1)
        answers = await asyncio.gather(*(desk.post("a") for _ in range(3)), return_exceptions=True)
        return answers, await desk.post("a")

    answers, again = asyncio.run(story())
    assert [type(each) for each in answers] == [Refusal] * 3
    assert again == b"{} was number 1"


def test_a_key_of_another_body_and_one_that_is_none_are_refused():
    async def story():
        desk = Desk()
        await desk.post("a")
        with pytest.raises(Refusal, match="idempotency-key 'a' was that of another body"):
            await desk.post("a", b"[]")
        for key in ("x" * (LONGEST_KEY + 1), "a\nb"):
            with pytest.raises(Refusal, match="255 printable characters at most"):
                await desk.post(key)
        return desk.taken

    assert asyncio.run(story()) == [b"{}"]


def test_the_oldest_keys_are_forgotten():
    async def story():
        desk = Desk(EventKeys(most=3))
        for key in "abcd":
            await desk.post(key)
        await desk.post("d")
        await desk.post("a")
        return len(desk.taken)

    assert asyncio.run(story()) == 5
