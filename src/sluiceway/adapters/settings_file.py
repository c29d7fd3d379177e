"""Settings: flag, then environment, then ``sluiceway.toml``, then default."""

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sluiceway.adapters.event_place import read_events
from sluiceway.adapters.online_place import REFUSE, SERVING_MS, read_online, read_timeout, read_unavailable
from sluiceway.adapters.remote_places import read_places
from sluiceway.adapters.schema_place import read_schemas
from sluiceway.adapters.spark_session import read_engine
from sluiceway.core.errors import DeclarationError, Problem
from sluiceway.core.moments import in_utc, parse_moment
from sluiceway.declare.reference_choice import parse_reference

FILE = "sluiceway.toml"
DEFAULT_GIB = 8.0
MOST_THREADS, LARGEST_SEED = 512, 2**31 - 1
VARIABLE, SCHEME = re.compile(r"\$\{(\w+)\}"), re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
KEYS = {
    "as_of": "the virtual present, ISO 8601, UTC unless it has an offset; by default all that the data knows",
    "replay_until": "how far stage 7 replays what came after the present; by default not at all",
    "seed": "the seed of everything random; 0 by default",
    "threads": "how many threads training may use; the number of cores by default, 8 at most",
    "reference": "what layer B compares with: previous (the default), rolling N, or a dataset version's first digits",
    "rebuild_whole_gib": "sets of source files with more GiB than this are rebuilt by a sample at gate 2; 8 by default",
    "alerts": "where alerts go besides the log: a list of apprise addresses, with every secret as ${ENV_VAR}",
    "files": "options of the buckets and servers that sources lie in, a section each, with every secret as ${ENV_VAR}",
    "engine": "where views are computed: spark://host:7077, or spark://local[2]; by DuckDB in this process by default",
    "online": "where online features lie: redis://, rediss:// or dynamodb://; by default in the state folder",
    "events": "where events of streams are: kafka://host:9092, kinesis://REGION; by default in the state folder",
    "schemas": "who knows the schemas of Avro and Protobuf messages: http://${USER}:${PASSWORD}@host:8081",
    "online_timeout_ms": "how long a server waits for the online store, at each step; 100 by default",
    "online_unavailable": "while the online store cannot be read: refuse (503, the default), or missing features",
    "state": "where versions, tables, models and evidence are kept; .sluiceway by default",
}


@dataclass(frozen=True, slots=True)
class FileSettings:
    """What a project is run with, before flags. Moments are in UTC; ``state`` is relative to the project.

    ``alerts`` are addresses with their secrets filled in, and so are never shown.
    """

    as_of: datetime | None
    seed: int
    threads: int
    reference: str | None
    state: str
    alerts: tuple[str, ...] = field(default=(), repr=False)
    replay_until: datetime | None = None
    rebuild_whole_gib: float = DEFAULT_GIB
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    online: str = ""
    online_timeout_ms: float = SERVING_MS
    online_unavailable: str = REFUSE
    events: str = ""
    schemas: str = ""
    engine: str = ""


def read_settings(folder: Path, environment: Mapping[str, str], *, alerts: bool = True) -> FileSettings:
    """Merge environment variables (``SLUICEWAY_AS_OF`` and so on) over the file's keys.

    Without ``alerts``, where they go is not read: who sends none, such as a server, needs no secrets for it.

    Raises:
        DeclarationError: with every unknown key and every value of the wrong kind.
    """
    given = read_file(folder / FILE)
    problems = [unknown(key) for key in given if key not in KEYS]
    for key in KEYS:
        given[key] = environment.get(f"SLUICEWAY_{key.upper()}", given.get(key))
    values = {
        "as_of": checked(given, "as_of", moment, problems),
        "replay_until": checked(given, "replay_until", moment, problems),
        "seed": checked(given, "seed", seed, problems),
        "threads": checked(given, "threads", positive_number, problems),
        "reference": checked(given, "reference", reference, problems),
        "state": checked(given, "state", state_folder, problems),
        "rebuild_whole_gib": checked(given, "rebuild_whole_gib", size, problems),
        "online_timeout_ms": checked(given, "online_timeout_ms", read_timeout, problems),
        "online_unavailable": checked(given, "online_unavailable", read_unavailable, problems),
        "engine": checked(given, "engine", read_engine, problems),
    }
    if values["as_of"] and values["replay_until"] and values["replay_until"] <= values["as_of"]:
        said = f"replay_until = {given['replay_until']}: it must lie after as_of = {given['as_of']}, or be left out"
        problems.append(Problem(said, FILE))
    reached, online = read_places(given["files"], problems), read_online(given["online"], problems)
    events, schemas = read_events(given["events"], problems), read_schemas(given["schemas"], problems)
    places = addresses(given["alerts"], environment, problems) if alerts else ()
    if problems:
        raise DeclarationError(problems)
    threads = values["threads"] or min(os.cpu_count() or 1, 8)
    return FileSettings(
        values["as_of"],
        values["seed"] or 0,
        threads,
        values["reference"],
        values["state"] or ".sluiceway",
        places,
        values["replay_until"],
        DEFAULT_GIB if values["rebuild_whole_gib"] is None else values["rebuild_whole_gib"],
        reached,
        online,
        values["online_timeout_ms"] or SERVING_MS,
        values["online_unavailable"] or REFUSE,
        events,
        schemas,
        values["engine"] or "",
    )


def read_file(path: Path) -> dict[str, Any]:
    """Read the file, or nothing where there is none.

    Raises:
        DeclarationError: it is no TOML.
    """
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError([Problem(str(error), FILE)]) from None


def unknown(key: str) -> Problem:
    """Refuse a key that nothing reads."""
    near = get_close_matches(key, KEYS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there is: {', '.join(KEYS)}"
    return Problem(f"unknown setting {key!r}; {hint}", FILE)


def checked(given: Mapping[str, Any], key: str, read: Any, problems: list[Problem]) -> Any:
    """Read one value; a value of the wrong kind becomes a problem."""
    if given[key] is None:
        return None
    try:
        return read(given[key])
    except (ValueError, TypeError) as error:
        problems.append(Problem(f"{key} = {given[key]!r}: {error}", FILE))
        return None


def moment(value: object) -> datetime:
    """Read a time, written as TOML's own or as text."""
    if isinstance(value, datetime):
        return in_utc(value)
    text = value.isoformat() if isinstance(value, date) else str(value)
    try:
        return parse_moment(text)
    except ValueError:
        raise ValueError("is no time; write it like 2013-11-01 or 2013-11-01T06:00:00Z") from None


def whole_number(value: object) -> int:
    """Read a whole number, also from the environment's text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError("must be a whole number")
    try:
        return int(value)
    except ValueError:
        raise ValueError("must be a whole number, such as 7") from None


def positive_number(value: object) -> int:
    """Read a whole number above 0."""
    number = whole_number(value)
    if not 1 <= number <= MOST_THREADS:
        raise ValueError(f"must lie between 1 and {MOST_THREADS}")
    return number


def addresses(given: object, environment: Mapping[str, str], problems: list[Problem]) -> tuple[str, ...]:
    """Read where alerts go: a list, or in the environment a text with spaces between; say nothing of what it holds.

    ``${NAME}`` stands for an environment variable.
    """
    listed = given.split() if isinstance(given, str) else given if given is not None else []
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        problems.append(Problem('alerts: must be a list of addresses, such as ["slack://${SLACK_TOKEN}"]', FILE))
        return ()
    read = [address_of(address, environment) for address in listed]
    said = [Problem(f"alerts, address {number}: {why}", FILE) for number, (_, why) in enumerate(read, start=1) if why]
    problems += said
    return tuple(address for address, _ in read)


def address_of(written: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Fill in an address's variables; also say what is wrong with it, if anything is."""
    unset = [name for name in VARIABLE.findall(written) if not environment.get(name)]
    if unset:
        return "", f"{', '.join(f'${{{name}}}' for name in unset)} is not set in the environment"
    address = VARIABLE.sub(lambda name: environment[name[1]], written)
    return address, "" if SCHEME.match(address) else "it must begin with a scheme, such as json:// or slack://"


def seed(value: object) -> int:
    """Read a seed that every library takes."""
    number = whole_number(value)
    if not 0 <= number <= LARGEST_SEED:
        raise ValueError(f"must lie between 0 and {LARGEST_SEED}")
    return number


def reference(value: object) -> str:
    """Read which earlier versions are compared with."""
    text = words(value)
    try:
        parse_reference(text, owner="reference")
    except DeclarationError as error:
        raise ValueError(error.problems[0].message.partition(": ")[2]) from None
    return text


def state_folder(value: object) -> str:
    """Read the path of a folder that is the project's own."""
    path = Path(words(value))
    if path == Path(path.anchor or ".") or path.name == "..":
        raise ValueError("must be a folder of its own, such as .sluiceway")
    return str(path)


def size(value: object) -> float:
    """Read a number of GiB, also from the environment's text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("must be a number of GiB")
    number = float(value)
    if not 0 <= number < math.inf:
        raise ValueError("must be 0 or more GiB")
    return number


def words(value: object) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise TypeError("must be a text")
    return value
