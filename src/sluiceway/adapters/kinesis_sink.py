"""The event sink in Kinesis: records are kept in three places before they count as added."""

import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sluiceway.adapters.kinesis_wire import KinesisWire, number_of
from sluiceway.core.errors import TransientError
from sluiceway.ports.event_sink import Added, Event

MOST, MOST_BYTES, LONGEST_KEY = 500, 4 << 20, 256
PATIENCE_S, FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 0.05, 1.0


class KinesisSink:
    """Puts records into streams that are there; an answer that is lost may add a record twice.

    Records that the service was too busy for are put again, behind others of their key.
    """

    def __init__(self, wire: KinesisWire, *, shown: str) -> None:
        """Nothing is asked yet."""
        self._wire, self._shown = wire, shown

    def append(self, topic: str, events: Sequence[Event]) -> list[Added]:
        """Add messages; each is told by its shard, and its sequence number there.

        Raises:
            SourceError: there is no such stream, or it refuses.
            TransientError: not every message was taken; some may be there.
        """
        added: dict[int, Added] = {}
        until, pause_s = time.monotonic() + PATIENCE_S, FIRST_PAUSE_S
        while True:
            left = [place for place in range(len(events)) if place not in added]
            for places in _requests(left, events):
                answers = self._wire.put(topic, [_record(events[place]) for place in places])
                for place, answer in zip(places, answers, strict=True):
                    if answer.get("SequenceNumber"):
                        added[place] = Added(number_of(answer["ShardId"]), int(answer["SequenceNumber"]))
            if len(added) == len(events):
                return [added[place] for place in range(len(events))]
            if time.monotonic() + pause_s > until:
                raise TransientError(
                    f"{self._shown} did not take {len(events) - len(added):,} of {len(events):,} messages of topic "
                    f"{topic!r} within {PATIENCE_S:g} seconds: its shards are asked for more than they take"
                )
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _requests(places: Sequence[int], events: Sequence[Event]) -> list[list[int]]:
    """Cut into requests of 500 records and 4 MiB at most."""
    cut: list[list[int]] = []
    size = MOST_BYTES
    for place in places:
        size += len(events[place].value) + LONGEST_KEY
        if size > MOST_BYTES or len(cut[-1]) >= MOST:
            cut.append([])
            size = len(events[place].value) + LONGEST_KEY
        cut[-1].append(place)
    return cut


def _record(event: Event) -> dict[str, Any]:
    """Write a record; its key must be a text, of 256 letters at most, and not empty."""
    key = event.key.decode(errors="backslashreplace") or uuid4().hex
    return {"Data": event.value, "PartitionKey": key if len(key) <= LONGEST_KEY else sha256(event.key).hexdigest()}
