"""The side channel in Kinesis: the streams ``NAME.dead`` and ``NAME.late`` beside a stream, with the reason."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sluiceway.adapters.kinesis_sink import KinesisSink
from sluiceway.adapters.kinesis_wire import KinesisWire, number_of, shard_id
from sluiceway.core.errors import SourceError, TransientError
from sluiceway.ports.event_sink import Event
from sluiceway.ports.side_channel import Aside

MOST_BYTES = 1 << 20


class KinesisSide:
    """JSON objects with ``shard``, ``sequence_number``, ``why``, ``at`` and ``message``, keyed by the first two.

    Streams that are missing are created, with one shard. A killed worker may put a message again. A message that has no
    room in a record together with its reason is cut, which ``cut`` says.
    """

    def __init__(self, wire: KinesisWire, stream: str, *, shown: str) -> None:
        """Nothing is asked yet."""
        self._wire, self._stream, self._shown = wire, stream, shown
        self._sink = KinesisSink(wire, shown=shown)
        self._made: set[str] = set()

    def put(self, source: str, messages: Sequence[Aside]) -> None:  # noqa: ARG002 - a stream has one source
        """Keep messages durably before returning.

        Raises:
            TransientError: the service did not take them all.
        """
        for kind in sorted({message.kind for message in messages}):
            stream = f"{self._stream}.{kind}"
            try:
                self._make(stream)
                self._sink.append(stream, [_event(each) for each in messages if each.kind == kind])
            except SourceError as error:
                raise TransientError(f"{self._shown} keeps nothing aside in stream {stream!r}: {error}") from None

    def read(self, source: str, kind: str) -> list[Aside]:  # noqa: ARG002 - a stream has one source
        """Return what was set aside of a kind, as far as the stream keeps it.

        Raises:
            SourceError: nobody answers.
        """
        stream = f"{self._stream}.{kind}"
        if not self._wire.has(stream):
            return []
        return [_aside(kind, data) for shard in self._wire.shards(stream) for data in self._all(stream, shard.number)]

    def _all(self, stream: str, shard: int) -> Iterator[bytes]:
        iterator, behind = self._wire.iterator(stream, shard, 0), 1
        while iterator and behind:
            found = self._wire.read(stream, iterator, most=1000)
            yield from (record["Data"] for record in found.records)
            iterator, behind = found.iterator, found.behind_ms

    def _make(self, stream: str) -> None:
        if stream not in self._made:
            self._wire.make(stream)
            self._made.add(stream)


def _event(message: Aside) -> Event:
    told: dict[str, Any] = {
        "shard": shard_id(message.partition),
        "sequence_number": str(message.offset),
        "why": message.why,
        "at": message.at,
        "message": message.value.decode(errors="backslashreplace"),
    }
    key = f"{message.partition}:{message.offset}".encode()
    data = json.dumps(told, ensure_ascii=False).encode()
    while len(data) + len(key) > MOST_BYTES:
        told |= {"message": told["message"][: len(told["message"]) // 2], "cut": "the message was longer"}
        data = json.dumps(told, ensure_ascii=False).encode()
    return Event(key, data)


def _aside(kind: str, data: bytes) -> Aside:
    told = json.loads(data)
    place = number_of(told["shard"]), int(told["sequence_number"])
    return Aside(kind, *place, told["why"], told["message"].encode(), told.get("at"))
