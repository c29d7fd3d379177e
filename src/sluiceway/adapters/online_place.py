"""Where online features lie: in the project's own folder, or in a store that the setting ``online`` names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, urlencode

from sluiceway.adapters.filled_secrets import FilledSecrets
from sluiceway.core.errors import DeclarationError, Problem
from sluiceway.declare.address import require_address
from sluiceway.ports.online_store import OnlineStore
from sluiceway.ports.sweepable import Sweepable

FILE = "sluiceway.toml"
SCHEMES = ("redis", "rediss", "dynamodb")
PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
PARAMETERS = ("prefix", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
DYNAMO = re.compile(r"[a-z0-9-]{1,40}/[A-Za-z0-9_.-]{1,200}")
DEFAULT_PREFIX = "sluiceway"
REFUSE, MISSING = "refuse", "missing"
SERVING_MS, RUN_S = 100.0, 10.0
MOST_MS = 60_000


class OnlineAdapter(OnlineStore, Sweepable, Protocol):
    """An online store that can be swept."""


@dataclass(frozen=True, slots=True)
class OnlinePlace:
    """An address, with its secrets still as ``${NAME}``; the empty one is the project's own folder."""

    address: str
    environment: Mapping[str, str] = field(repr=False)

    @property
    def shown(self) -> str:
        """The address as it may be told: without user, password and parameters other than the prefix."""
        scheme, _, rest = self.address.partition("://")
        place, _, query = rest.rpartition("@")[2].partition("?")
        told = urlencode([pair for pair in parse_qsl(query) if pair[0] == "prefix"])
        return f"{scheme}://{place}{'?' if told else ''}{told}"

    def check(self) -> None:
        """Find out that it could be opened; nothing is asked of it.

        Raises:
            SourceError: a variable is not set.
            MisuseError: a library that it takes is not installed.
        """
        if self.address.startswith("redis"):
            self._url()
        elif self.address:
            from sluiceway.adapters.dynamo_trouble import require_boto3

            require_boto3('online = "dynamodb://…"')

    def open(self, folder: Path, *, patience_s: float) -> OnlineAdapter:
        """Open the store, without asking anything of it yet.

        Args:
            folder: Where the project's own store lies.
            patience_s: How long to wait for a store elsewhere, at each step.
        """
        if not self.address:
            from sluiceway.adapters.lmdb_online import LmdbOnline

            return LmdbOnline(folder)
        if self.address.startswith("redis"):
            from sluiceway.adapters.redis_online import RedisOnline
            from sluiceway.adapters.redis_wire import RedisWire

            prefix = dict(parse_qsl(self.address.partition("?")[2])).get("prefix", DEFAULT_PREFIX)
            return RedisOnline(RedisWire(self._url, shown=self.shown, patience_s=patience_s), prefix=prefix)
        from sluiceway.adapters.dynamo_online import DynamoOnline
        from sluiceway.adapters.dynamo_table import DynamoTable

        region, _, prefix = self.address.partition("://")[2].partition("/")
        return DynamoOnline(DynamoTable(f"{prefix}-online", region=region, shown=self.shown, patience_s=patience_s))

    def _url(self) -> str:
        """Fill the secrets in, and leave out what is ours."""
        place, _, query = FilledSecrets(self.environment, self.shown).address(self.address).partition("?")
        rest = urlencode([pair for pair in parse_qsl(query) if pair[0] != "prefix"])
        return f"{place}?{rest}" if rest else place


def read_online(given: object, problems: list[Problem]) -> str:
    """Check the setting ``online``; no message repeats a secret."""
    if given is None or given == "":
        return ""
    try:
        address = require_address("online", given, schemes=SCHEMES)
    except DeclarationError as error:
        problems += [Problem(problem.message, FILE) for problem in error.problems]
        return ""
    problems += [Problem(f"online: {why}", FILE) for why in wrong_with(address)]
    return address


def wrong_with(address: str) -> list[str]:
    """Say what is wrong with an address beyond its scheme and its secrets."""
    scheme, _, rest = address.partition("://")
    if scheme == "dynamodb":
        fits = DYNAMO.fullmatch(rest)
        return [] if fits else ["must be dynamodb://REGION/PREFIX; keys come as AWS's own tools have them"]
    place, _, query = rest.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [name for name in given if name not in PARAMETERS]
    found = [f"there is no parameter {name!r}; there is: {', '.join(PARAMETERS)}" for name in unknown]
    if not PREFIX.fullmatch(given.get("prefix", DEFAULT_PREFIX)):
        found.append("the prefix must be letters, digits, '_', '.' and '-', 100 at most")
    if not place.rpartition("@")[2].partition("/")[0]:
        found.append("names no host; write redis://host:6379/0?prefix=NAME")
    return found


def read_timeout(value: object) -> float:
    """Read a number of milliseconds, also from the environment's text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("must be a number of milliseconds")
    number = float(value)
    if not 1 <= number <= MOST_MS:
        raise ValueError(f"must lie between 1 and {MOST_MS:,} milliseconds")
    return number


def read_unavailable(value: object) -> str:
    """Read what becomes of requests while the online store cannot be read."""
    if value not in {REFUSE, MISSING}:
        raise ValueError(f"must be {REFUSE!r}, which answers 503, or {MISSING!r}, which answers without the features")
    return str(value)
