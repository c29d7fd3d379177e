"""The example: a request that a rehearsal has asked, kept so that people can ask it again."""

from sluiceway.core.errors import UnknownObjectError
from sluiceway.ports.object_store import ObjectStore

EXAMPLE = "serving/example.json"


def keep_example(body: bytes, objects: ObjectStore) -> None:
    """Keep a request's body, in place of an older one."""
    objects.put(EXAMPLE, body)


def kept_example(objects: ObjectStore) -> str | None:
    """Return the body that was kept, ``None`` before any was."""
    try:
        return objects.get(EXAMPLE).decode().strip()
    except UnknownObjectError:
        return None
