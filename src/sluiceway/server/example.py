"""The example: a request that a rehearsal has asked, kept so that people can ask it again."""

from collections.abc import Collection

import msgspec

from sluiceway.core.errors import UnknownObjectError
from sluiceway.ports.object_store import ObjectStore

EXAMPLE = "serving/example.json"


def keep_example(body: bytes, objects: ObjectStore, unlogged: Collection[str] = ()) -> None:
    """Keep a request's body, in place of an older one; sensitive fields are asked as if they were not known."""
    if unlogged:
        asked = msgspec.json.decode(body)
        body = msgspec.json.encode({name: None if name in unlogged else value for name, value in asked.items()})
    objects.put(EXAMPLE, body)


def kept_example(objects: ObjectStore) -> str | None:
    """Return the body that was kept, ``None`` before any was."""
    try:
        return objects.get(EXAMPLE).decode().strip()
    except UnknownObjectError:
        return None
