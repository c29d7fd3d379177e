"""Arriving: a topic's events land beside its source's files, checked as its stream checks them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.event_landing import EventLanding
from sluiceway.core.errors import UnknownNameError
from sluiceway.core.moments import Clock
from sluiceway.declare.source import Source
from sluiceway.flow.extracting import Extracted
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current
from sluiceway.flow.streamed import Streamed, table_kinds
from sluiceway.ingest.landed_events import event_identity, known_event_landing

if TYPE_CHECKING:
    from sluiceway.streams.decoding import Opener, RowDecoder

GROUP = "landing"


def arrived_now(
    streams: Mapping[str, Streamed], kit: Kit, *, say: Callable[[str], None]
) -> tuple[list[object], tuple[Extracted, ...]]:
    """Land what arrived in topics; return the identity of each source's events as files have one, and what came.

    Events are checked by the columns of a table that an earlier run made; before there is one, nothing lands.

    Raises:
        SourceError: a topic cannot be read; what landed before stays as it was.
    """
    if not streams or kit.arriving is None:
        return [], ()
    identities: list[object] = []
    told: list[Extracted] = []
    for source, streamed in sorted(streams.items()):
        landing, new_rows = landed_events(source, streamed, kit, say=say)
        if landing is not None and landing.rows:
            identities.append([source, event_identity(landing)])
        if new_rows and landing is not None:
            told.append(Extracted(source, f"topic {streamed.topic.name}", new_rows, landing.rows, _how(landing)))
            say(str(told[-1]))
    return identities, tuple(told)


def landed_events(
    source: str, streamed: Streamed, kit: Kit, *, say: Callable[[str], None]
) -> tuple[EventLanding | None, int]:
    """Land what arrived for a source; return what there is of it, and how many rows are new.

    Raises:
        SourceError: the topic cannot be read.
        MisuseError: its messages name schemas, and nobody knows them.
    """
    from sluiceway.ingest.event_landing import EventLander
    from sluiceway.streams.registered_messages import opener

    before, kinds = known_event_landing(source, kit.objects), _kinds(source, kit)
    if kinds is None or kit.arriving is None:
        return before, 0
    opened = opener(streamed.topic, None if streamed.topic.format == "json" else kit.schemas())
    try:
        decoder = _decoder(source, streamed, kinds, opened, kit.clock)
    except UnknownNameError as error:
        say(f"{source}: its events land by the next run, once its table is as declared: {error}")
        return before, 0
    events = kit.arriving.events(streamed.topic.name, group=f"{source}.{GROUP}")
    origin = (kit.arriving.kind, streamed.topic.name)
    return EventLander(source, origin, events, decoder, opened, kit.objects, kit.clock.now()).land()


def _how(landing: EventLanding) -> str:
    dead, missed = (sum(getattr(each, name) for each in landing.partitions) for name in ("dead", "missed"))
    said = ["events that arrived", f"{dead:,} were no rows" if dead else ""]
    said.append(f"{missed:,} were gone from the topic before they could land" if missed else "")
    return "; ".join(filter(None, said))


def _kinds(source: str, kit: Kit) -> Mapping[str, str] | None:
    """Give the kinds of the columns that a source's table had last; ``None`` where there is no table yet."""
    dataset = current("ingest", kit)
    if not isinstance(dataset, DatasetVersion):
        return None
    try:
        return table_kinds(dataset, source)
    except UnknownNameError:
        return None


def _decoder(
    source: str, streamed: Streamed, kinds: Mapping[str, str], opened: "Opener | None", clock: Clock
) -> "RowDecoder":
    """Make what reads its messages as its stream does. Columns that its table lacks are not asked for, but keys are."""
    from sluiceway.streams.decoding import RowDecoder
    from sluiceway.streams.latest_time import latest_us

    declared = Source(
        source, sql="SELECT 1", key=streamed.keys or None, event_time=streamed.event, known_time=streamed.known,
        stream=streamed.topic,
    )  # fmt: skip
    columns = [name for name in streamed.columns if name in kinds]
    return RowDecoder(declared, kinds, columns, opened=opened, latest_us=latest_us(streamed.topic.lateness, clock))
