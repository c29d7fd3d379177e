"""Landed events: the parts of a source's topic, as files of a version."""

from collections.abc import Iterable, Sequence

from sluiceway.artifacts.dataset_version import EVENTS_FOLDER, FileEntry
from sluiceway.artifacts.event_landing import EventLanding, event_landing_key, recalled_event_landing
from sluiceway.core.errors import UnknownObjectError
from sluiceway.ports.object_store import ObjectStore


def known_event_landing(source: str, objects: ObjectStore) -> EventLanding | None:
    """Return what has landed of a source's events, or nothing."""
    try:
        return recalled_event_landing(objects.get(event_landing_key(source)))
    except UnknownObjectError:
        return None


def event_entries(landing: EventLanding | None) -> list[FileEntry]:
    """Describe all parts as files, partition by partition; the same events are the same files, however they came."""
    parts = sorted(landing.parts, key=lambda part: (part.epoch, part.partition, part.number)) if landing else []
    return [
        FileEntry(
            f"{EVENTS_FOLDER}{landing.source}/{part.epoch:03d}-{part.partition:05d}-{part.number:06d}-{part.sha256}.parquet",
            part.sha256,
            part.date,
            part.size_bytes,
            landing.source,
            landed=True,
        )
        for part in parts
        if landing is not None
    ]


def event_identity(landing: EventLanding | None) -> list[list[str | int]]:
    """Identify what has landed as the files of a source are identified: path and SHA-256."""
    return [[entry.path, entry.sha256] for entry in event_entries(landing)]


def event_parts(entries: Iterable[FileEntry], source: str) -> Sequence[FileEntry]:
    """Choose the parts of a source's topic among a version's files."""
    return [entry for entry in entries if entry.source == source and entry.is_event_part]
