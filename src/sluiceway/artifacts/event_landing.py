"""An event landing: what of a source's topic lies beside its files so far, and up to where in each partition."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from sluiceway.artifacts.codec import decode
from sluiceway.core.digest import digest_of

EVENT_LANDINGS = "landing/events"
MOST_POINTS = 50  # runs whose dataset is newer than the last that passed


@dataclass(frozen=True, slots=True)
class EventPart:
    """Messages of one partition in their order, as an immutable Parquet part; parts of a partition are numbered.

    Of a partition that its source makes of several lanes, a part holds messages of one lane, and ``partition`` is it.

    ``value_bytes`` is what the messages hold. A part that is not full is replaced by one that goes on. ``date`` is the
    UTC day on which it landed.
    """

    epoch: int
    partition: int
    number: int
    sha256: str
    size_bytes: int
    rows: int
    value_bytes: int
    date: str


@dataclass(frozen=True, slots=True)
class LandedPartition:
    """Where one partition is: the offset of the next message, its watermark (microseconds), and what was no row.

    ``mark`` is what its source needs to find that message, where the offset is not enough. ``missed`` are messages that
    the source had let go before they landed.
    """

    partition: int
    offset: int
    watermark: int | None = None
    dead: int = 0
    mark: str = ""
    missed: int = 0


@dataclass(frozen=True, slots=True)
class LandingPoint:
    """Where a landing was when its parts were those of ``digest``: a dataset version that has them goes up to there."""

    digest: str
    origin: tuple[str, str]
    partitions: tuple[LandedPartition, ...]


@dataclass(frozen=True, slots=True)
class EventLanding:
    """Everything that has landed of a source's events.

    ``origin`` is the kind of place and the topic. Where that changed, an ``epoch`` began, with offsets of its own; what
    landed before stays. ``points`` are where it was at the end of some earlier times, the newest last.
    """

    source: str
    origin: tuple[str, str]
    epoch: int = 0
    parts: tuple[EventPart, ...] = ()
    partitions: tuple[LandedPartition, ...] = ()
    points: tuple[LandingPoint, ...] = ()

    @property
    def rows(self) -> int:
        """How many events have landed."""
        return sum(part.rows for part in self.parts)

    def marked(self) -> "EventLanding":
        """Note where it is now, as a point."""
        digest = parts_digest(part.sha256 for part in self.parts)
        before = [point for point in self.points if point.digest != digest]
        return replace(self, points=(*before, LandingPoint(digest, self.origin, self.partitions))[-MOST_POINTS:])

    def point(self, parts: Iterable[str]) -> LandingPoint | None:
        """Tell where it was when its parts were these, by their SHA-256; nothing where that is not known any more."""
        digest = parts_digest(parts)
        found = next((point for point in self.points if point.digest == digest), None)
        if found is None and digest == parts_digest(part.sha256 for part in self.parts):
            return LandingPoint(digest, self.origin, self.partitions)  # written down before points were
        return found


def parts_digest(parts: Iterable[str]) -> str:
    """Identify some parts by their SHA-256, whatever their order."""
    return digest_of(sorted(parts))


def event_landing_key(source: str) -> str:
    """Where a source's event landing is written down."""
    return f"{EVENT_LANDINGS}/{source}.json"


def recalled_event_landing(data: bytes) -> EventLanding | None:
    """Read one back; nothing where the bytes are none."""
    try:
        return decode(EventLanding, data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
