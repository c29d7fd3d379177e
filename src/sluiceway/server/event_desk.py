"""The event desk: takes events over HTTP for the streamed sources that the newest run left word of."""

from collections.abc import Callable
from difflib import get_close_matches
from time import monotonic, perf_counter

import msgspec

from sluiceway.core.errors import SluicewayError
from sluiceway.ports.event_sink import Added, EventSink
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress
from sluiceway.server.event_check import EventCheck
from sluiceway.server.event_intake import intake_mark, shown_intake
from sluiceway.server.event_keys import EventKeys
from sluiceway.server.event_turns import EventTurns
from sluiceway.server.limits import Limits
from sluiceway.server.metrics import Metrics
from sluiceway.server.refusal import Refusal

LOOK_EVERY_S = 1.0
NOTHING_THERE = 404
EXACT = 2**53  # from here on readers of JSON may round
_encode = msgspec.json.Encoder().encode


class Taken(msgspec.Struct, frozen=True):
    """What a caller reads: how many events were taken, and for each partition the first and last offset they have.

    Offsets are texts where they are Kinesis's sequence numbers, which no number of JSON's readers holds.
    """

    source: str
    topic: str
    events: int
    offsets: dict[str, tuple[int | str, int | str]]
    unknown_columns: list[str]
    request_id: str


class EventDesk:
    """Takes events of one event loop's requests. What it knows of sources is looked at anew once a second at most."""

    def __init__(
        self,
        objects: ObjectStore,
        sink: EventSink,
        *,
        limits: Limits,
        metrics: Metrics,
        progress: Progress,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._objects, self._limits, self._metrics, self._progress = objects, limits, metrics, progress
        self._turns = EventTurns(sink, most_bytes=limits.waiting_bytes)
        self._keys = EventKeys()
        self._seconds = seconds
        self._looked_s: float | None = None
        self._mark = ""
        self._checks: dict[str, EventCheck] = {}

    def check(self, source: str) -> EventCheck:
        """Find what checks a source's events.

        Raises:
            Refusal: 404 where it is no streamed source, with those that are.
        """
        self._look()
        found = self._checks.get(source)
        if found is None:
            near = get_close_matches(source[:100], self._checks, n=1)
            there = f"there is {', '.join(map(repr, self._checks))}" if self._checks else "no source has a stream"
            hint = f"did you mean {near[0]!r}?" if near else f"{there}, as of the newest run behind an open gate 2"
            raise Refusal(NOTHING_THERE, f"{source[:100]!r} takes no events; {hint}")
        return found

    async def take(self, check: EventCheck, body: bytes, request_id: str, *, key: str = "") -> bytes:
        """Check a body and add its events, all of them or, as far as the place can promise it, none.

        A body that was taken under the same ``key`` before is not added again, and answered as it was then.

        Raises:
            Refusal: the body is not as it should be, or cannot be kept now; or the key was that of another.
        """
        return await self._keys.once(check.source.name, key, body, lambda: self._take(check, body, request_id))

    async def _take(self, check: EventCheck, body: bytes, request_id: str) -> bytes:
        events = check.events(body)
        if not events:
            return _encode(Taken(check.source.name, check.source.topic, 0, {}, [], request_id))
        began = perf_counter()
        added = await self._turns.add(check.source.topic, events)
        self._metrics.count_events(check.source.name, len(events), perf_counter() - began)
        unknown = check.unknown(events)
        return _encode(Taken(check.source.name, check.source.topic, len(events), _spans(added), unknown, request_id))

    def _look(self) -> None:
        now = self._seconds()
        if self._looked_s is not None and now - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = now
        try:
            mark = intake_mark(self._objects)
            if mark and mark != self._mark:
                found = shown_intake(self._objects)
                self._checks = {each.name: EventCheck(each, most=self._limits.events) for each in found.sources}
                self._mark = mark
        except SluicewayError as error:
            self._progress.say(f"which sources take events cannot be read, so it stays as it was: {error}")


def _spans(added: list[Added]) -> dict[str, tuple[int | str, int | str]]:
    offsets: dict[int, list[int]] = {}
    for partition, offset in added:
        offsets.setdefault(partition, []).append(offset)
    return {str(partition): (_told(min(each)), _told(max(each))) for partition, each in offsets.items()}


def _told(offset: int) -> int | str:
    return offset if offset < EXACT else str(offset)
