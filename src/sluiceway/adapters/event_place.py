"""Where events come from: a spool in the project's own folder, or what the setting ``events`` names."""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from sluiceway.adapters.filled_secrets import FilledSecrets
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import DeclarationError, MisuseError, Problem
from sluiceway.declare.address import require_address
from sluiceway.ports.event_sink import EventSink
from sluiceway.ports.event_source import EventSource
from sluiceway.ports.online_store import OnlineStore
from sluiceway.ports.pane_store import PaneStore
from sluiceway.ports.side_channel import SideChannel

if TYPE_CHECKING:
    from sluiceway.adapters.kinesis_wire import KinesisWire

FILE = "sluiceway.toml"
KAFKA, KINESIS, SPOOL = "kafka", "kinesis", "spool"
DEFAULT_GROUP, DIGITS = "sluiceway", 8
EVENTS, ASIDE = "events", "aside"
REGION = re.compile(r"[a-z0-9-]{1,40}")
ENDPOINT = re.compile(r"https?://[^/@]+(/[^@]*)?")


@dataclass(frozen=True, slots=True)
class EventPlace:
    """An address, with its secrets still as ``${NAME}``; the empty one is the project's own folder.

    ``home`` names where what is read is kept: readers of one home share a topic's partitions, those of
    another have all of them.
    """

    address: str
    state: Path
    environment: Mapping[str, str] = field(repr=False)
    home: str = ""

    @property
    def shown(self) -> str:
        """The address as it may be told: without parameters, which may be secret."""
        return self.address.partition("?")[0] or str(self.state / EVENTS)

    @property
    def kind(self) -> str:
        """Whether it is a spool, Kafka or Kinesis."""
        return self.address.partition("://")[0] or SPOOL

    def check(self) -> None:
        """Find out that it could be opened; nothing is asked of it.

        Raises:
            SourceError: a variable is not set.
            MisuseError: a library that it takes is not installed.
        """
        if self.kind == KINESIS:
            from sluiceway.adapters.dynamo_trouble import require_boto3

            require_boto3('events = "kinesis://…"')
        elif self.kind == KAFKA:
            self._filled()

    def events(self, topic: str, *, group: str, as_one: bool = False) -> EventSource:
        """Open a topic as a member of a group; nothing is asked of it yet. Kinesis is always read as one."""
        if self.kind == SPOOL:
            from sluiceway.adapters.spool_events import SpoolEvents

            return SpoolEvents(self.state / EVENTS / topic, group=group)
        if self.kind == KINESIS:
            from sluiceway.adapters.kinesis_events import KinesisEvents

            return KinesisEvents(self._wire(), topic)
        servers, options = self._filled()
        own = options.pop("group", "") or self._own_group()
        if as_one:
            from sluiceway.adapters.kafka_merged import MergedKafkaEvents

            return MergedKafkaEvents(servers, topic, group=f"{own}.{group}", options=options)
        from sluiceway.adapters.kafka_events import KafkaEvents

        return KafkaEvents(servers, topic, group=f"{own}.{group}", options=options)

    def _own_group(self) -> str:
        home = self.home or f"{socket.gethostname()}:{self.state.resolve()}"
        return f"{DEFAULT_GROUP}-{digest_of(home)[:DIGITS]}"

    def sink(self) -> EventSink:
        """Open what adds to topics; nothing is asked of it yet."""
        if self.kind == SPOOL:
            from sluiceway.adapters.spool_sink import SpoolSink

            return SpoolSink(self.state / EVENTS)
        if self.kind == KINESIS:
            from sluiceway.adapters.kinesis_sink import KinesisSink

            return KinesisSink(self._wire(), shown=self.shown)
        from sluiceway.adapters.kafka_sink import KafkaSink

        servers, options = self._filled()
        options.pop("group", None)
        return KafkaSink(servers, options=options)

    def side(self, topic: str) -> SideChannel:
        """Open where messages of a topic are set aside: topics beside it, or a folder."""
        if self.kind == SPOOL:
            from sluiceway.adapters.folder_side import FolderSide

            return FolderSide(self.state / ASIDE)
        if self.kind == KINESIS:
            from sluiceway.adapters.kinesis_side import KinesisSide

            return KinesisSide(self._wire(), topic, shown=self.shown)
        from sluiceway.adapters.kafka_side import KafkaSide

        servers, options = self._filled()
        options.pop("group", None)
        return KafkaSide(servers, topic, options=options)

    def _filled(self) -> tuple[str, dict[str, str]]:
        """Give the servers, and the options with their secrets."""
        filled = FilledSecrets(self.environment, self.shown).address(self.address)
        place, _, query = filled.partition("://")[2].partition("?")
        return place.strip("/"), dict(parse_qsl(query))

    def _wire(self) -> "KinesisWire":
        from sluiceway.adapters.kinesis_wire import KinesisWire

        region, options = self._filled()
        return KinesisWire(region, endpoint=options.get("endpoint", ""), shown=self.shown)


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
        address = require_address("events", given, schemes=(KAFKA, KINESIS))
    except DeclarationError as error:
        problems += [Problem(problem.message, FILE) for problem in error.problems]
        return ""
    problems += [Problem(f"events: {why}", FILE) for why in wrong_with(address)]
    return address


def wrong_with(address: str) -> list[str]:
    """Say what is wrong with an address beyond its scheme and its secrets."""
    scheme, _, rest = address.partition("://")
    place, _, query = rest.partition("?")
    if scheme == KAFKA:
        return [] if place.strip("/") else ["names no host; write kafka://host:9092"]
    given = dict(parse_qsl(query, keep_blank_values=True))
    found = [f"there is no parameter {name!r}; there is: endpoint" for name in given if name != "endpoint"]
    if not REGION.fullmatch(place.strip("/")):
        found.append(
            "must be kinesis://REGION; streams are called by their topics, keys come as AWS's own tools have them"
        )
    if "endpoint" in given and not ENDPOINT.fullmatch(given["endpoint"]):
        found.append("the endpoint must be a URL such as http://localhost:4566, without user and password")
    return found
