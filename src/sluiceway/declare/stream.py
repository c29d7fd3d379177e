"""Topics: where a source's rows arrive one by one, as messages."""

import re
from dataclasses import dataclass

from sluiceway.core.duration import parse_duration
from sluiceway.declare.names import as_tuple, refuse

FORMATS = ("json", "avro", "protobuf")
WALL, EVENTS = "wall", "events"
MOST_LETTERS = 249
ALLOWED = re.compile(rf"[a-zA-Z0-9._-]{{1,{MOST_LETTERS}}}")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic whose messages are rows of a source, with the columns that its table has (after its ``sql``).

    ``lateness`` is how far behind the newest ``known_time`` of its partition a row may come and still count; ``idle``
    how long a partition may be silent before it follows the others, and ``clock`` what time it is where all are:
    the ``wall``'s, less ``lateness``, or what ``events`` said last. ``key`` are the columns by which messages are
    keyed, so that equal ones are in one partition; without them it may have but one partition. ``format`` is how
    messages are written: ``json``, or ``avro`` and ``protobuf`` behind the number of a registered schema, as
    Confluent's serializers do.
    """

    name: str
    lateness: str
    format: str
    key: str | tuple[str, ...] | None
    idle: str
    clock: str = WALL

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns by which messages are keyed."""
        return as_tuple(self.key)

    @property
    def meaning(self) -> list[object]:
        """What decides what a stream of it computes, ready to be hashed."""
        return [self.name, self.lateness, self.format, list(self.keys)]


def topic(
    name: str,
    *,
    lateness: str = "5m",
    format: str = "json",  # noqa: A002 - as it is called everywhere
    key: str | tuple[str, ...] | None = None,
    idle: str = "1m",
    clock: str = WALL,
) -> Topic:
    """Say where a source's rows arrive as messages.

    Example:
        ``sw.Source("landings", sql=…, event_time="landed_at", stream=sw.topic("landings", key="carrier"))``

    Raises:
        DeclarationError: a name, a duration or a format that cannot be.
    """
    if not ALLOWED.fullmatch(str(name)) or name in {".", ".."}:
        raise refuse(f"topic {name!r}: write up to {MOST_LETTERS} letters, digits, '.', '_' and '-'")
    if format not in FORMATS:
        raise refuse(f"topic {name!r}: format={format!r} is not read; write one of {', '.join(FORMATS)}")
    if clock not in {WALL, EVENTS}:
        raise refuse(
            f"topic {name!r}: clock={clock!r} tells no time; write {WALL!r}, or {EVENTS!r} for rows that are not of now"
        )
    for word, duration in (("lateness", lateness), ("idle", idle)):
        try:
            parse_duration(duration)
        except ValueError as error:
            raise refuse(f"topic {name!r}, {word}: {error}") from None
    return Topic(name, lateness, format, key, idle, clock)
