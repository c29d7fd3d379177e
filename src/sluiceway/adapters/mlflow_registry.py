"""MLflow's registry, read where it lies: MLflow itself takes seconds of work before it tells the first name."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sluiceway.adapters.memory_tracker import BUNDLE_TAG, IDENTITY_TAG
from sluiceway.ports.tracker import RegisteredModel

KNOWN = "SELECT 1 FROM model_version_tags WHERE key = ? AND value = ?"
# MLflow keeps a deleted version's row under this stage; one that is no sqlite file of this layout is not read here.
VERSIONS = """SELECT name, version, creation_time FROM model_versions
    WHERE workspace = 'default' AND coalesce(current_stage, '') <> 'Deleted_Internal'"""
TAGS = "SELECT name, version, key, value FROM model_version_tags WHERE workspace = 'default'"
ALIASES = "SELECT name, version, alias FROM registered_model_aliases WHERE workspace = 'default'"


def knows(database: Path, identity: str) -> bool:
    """Tell whether some version has this identity; not where the file cannot be read."""
    try:
        with _reading(database) as connection:
            return connection.execute(KNOWN, (IDENTITY_TAG, identity)).fetchone() is not None
    except sqlite3.Error:
        return False


def registered_versions(database: Path) -> list[RegisteredModel] | None:
    """Read every version; ``None`` where the database is not laid out as this reads it, or is damaged."""
    tags: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    aliases: dict[tuple[str, int], list[str]] = defaultdict(list)
    try:
        with _reading(database) as connection, connection:
            connection.execute("BEGIN")  # one moment for all three
            for name, version, key, value in connection.execute(TAGS):
                tags[name, version][key] = value
            for name, version, alias in connection.execute(ALIASES):
                aliases[name, version].append(alias)
            rows = connection.execute(VERSIONS).fetchall()
    except sqlite3.Error:
        return None
    return [
        registered(name, version, at_ms=at_ms, tags=tags[name, version], aliases=aliases[name, version])
        for name, version, at_ms in rows
    ]


def registered(name: str, version: int, *, at_ms: int, tags: dict[str, str], aliases: list[str]) -> RegisteredModel:
    """Make a version of what MLflow holds of it; ``at_ms`` are milliseconds since the epoch."""
    return RegisteredModel(
        name=name,
        version=version,
        identity=tags.get(IDENTITY_TAG, ""),
        bundle=tags.get(BUNDLE_TAG, ""),
        registered_at=datetime.fromtimestamp(at_ms / 1000, UTC),
        aliases=tuple(sorted(aliases)),
        tags={key: value for key, value in tags.items() if key not in {IDENTITY_TAG, BUNDLE_TAG}},
    )


@contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection
