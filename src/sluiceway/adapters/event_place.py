"""Where events come from: a spool in the project's own folder, or the Kafka that the setting ``events`` names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from sluiceway.adapters.filled_secrets import FilledSecrets
from sluiceway.core.errors import DeclarationError, MisuseError, Problem
from sluiceway.declare.address import require_address
from sluiceway.ports.event_sink import EventSink
from sluiceway.ports.event_source import EventSource
from sluiceway.ports.online_store import OnlineStore
from sluiceway.ports.pane_store import PaneStore
from sluiceway.ports.side_channel import SideChannel

FILE = "sluiceway.toml"
DEFAULT_GROUP = "sluiceway"
EVENTS, ASIDE = "events", "aside"


@dataclass(frozen=True, slots=True)
class EventPlace:
    """An address, with its secrets still as ``${NAME}``; the empty one is the project's own folder."""

    address: str
    state: Path
    environment: Mapping[str, str] = field(repr=False)

    @property
    def shown(self) -> str:
        """The address as it may be told: without parameters, which may be secret."""
        return self.address.partition("?")[0] or str(self.state / EVENTS)

    @property
    def kind(self) -> str:
        """Whether it is a spool or Kafka."""
        return "kafka" if self.address else "spool"

    def events(self, topic: str, *, group: str) -> EventSource:
        """Open a topic as a member of a group; nothing is asked of it yet."""
        if not self.address:
            from sluiceway.adapters.spool_events import SpoolEvents

            return SpoolEvents(self.state / EVENTS / topic, group=group)
        from sluiceway.adapters.kafka_events import KafkaEvents

        servers, options = self._filled()
        own = options.pop("group", DEFAULT_GROUP)
        return KafkaEvents(servers, topic, group=f"{own}.{group}", options=options)

    def sink(self) -> EventSink:
        """Open what adds to topics; nothing is asked of it yet."""
        if not self.address:
            from sluiceway.adapters.spool_sink import SpoolSink

            return SpoolSink(self.state / EVENTS)
        from sluiceway.adapters.kafka_sink import KafkaSink

        servers, options = self._filled()
        options.pop("group", None)
        return KafkaSink(servers, options=options)

    def side(self, topic: str) -> SideChannel:
        """Open where messages of a topic are set aside: topics beside it, or a folder."""
        if not self.address:
            from sluiceway.adapters.folder_side import FolderSide

            return FolderSide(self.state / ASIDE)
        from sluiceway.adapters.kafka_side import KafkaSide

        servers, options = self._filled()
        options.pop("group", None)
        return KafkaSide(servers, topic, options=options)

    def _filled(self) -> tuple[str, dict[str, str]]:
        """Give the servers, and the options with their secrets."""
        filled = FilledSecrets(self.environment, self.shown).address(self.address)
        place, _, query = filled.partition("://")[2].partition("?")
        return place.strip("/"), dict(parse_qsl(query))


def pane_store(online: OnlineStore) -> PaneStore:
    """Open what streams keep beside an online store's values.

    Raises:
        MisuseError: it is a store that cannot commit both at once.
    """
    from sluiceway.adapters.lmdb_online import LmdbOnline
    from sluiceway.adapters.redis_online import RedisOnline

    if isinstance(online, LmdbOnline):
        from sluiceway.adapters.lmdb_panes import LmdbPanes

        return LmdbPanes(online)
    if isinstance(online, RedisOnline):
        from sluiceway.adapters.redis_panes import RedisPanes

        return RedisPanes(online.wire, prefix=online.prefix)
    raise MisuseError(
        "streams commit their state and what is served at once, which this online store cannot: set online to "
        "redis://… in sluiceway.toml, or leave it out"
    )


def panes_beside(online: OnlineStore) -> PaneStore | None:
    """Open what streams keep, where they can keep anything."""
    try:
        return pane_store(online)
    except MisuseError:
        return None


def read_events(given: object, problems: list[Problem]) -> str:
    """Check the setting ``events``; no message repeats a secret."""
    if given is None or given == "":
        return ""
    try:
        address = require_address("events", given, schemes=("kafka",))
    except DeclarationError as error:
        problems += [Problem(problem.message, FILE) for problem in error.problems]
        return ""
    if not address.partition("://")[2].partition("?")[0].strip("/"):
        problems.append(Problem("events: names no host; write kafka://host:9092", FILE))
    return address
