"""Landed files: the parts of an extract, as files of a version."""

from sluiceway.artifacts.dataset_version import Extract, FileEntry
from sluiceway.artifacts.landing import Landing, landing_key, recalled_landing
from sluiceway.core.errors import SourceError, UnknownObjectError
from sluiceway.ports.object_store import ObjectStore


def known_landing(source: str, objects: ObjectStore) -> Landing | None:
    """Return what has landed of a source, or nothing, also where what was written down cannot be read any more."""
    try:
        return recalled_landing(objects.get(landing_key(source)))
    except UnknownObjectError:
        return None


def landing_of(source: str, objects: ObjectStore) -> Landing:
    """Return what has landed of a source.

    Raises:
        SourceError: nothing has.
    """
    landing = known_landing(source, objects)
    if landing is None:
        raise SourceError(f"source {source!r}: nothing has landed yet; `sluiceway run` reads it")
    return landing


def entries_of(landing: Landing) -> list[FileEntry]:
    """Describe all parts as files, in the order in which they came; each is kept like a file, by its SHA-256."""
    return [
        FileEntry(
            f"landing/{landing.source}/{place:06d}-{part.sha256}.parquet",
            part.sha256,
            part.date,
            part.size_bytes,
            landing.source,
            landed=True,
        )
        for place, part in enumerate(landing.parts)
    ]


def landed_identity(landing: Landing) -> list[list[str | int]]:
    """Identify what has landed as the files of a source are identified: path and SHA-256."""
    return [[entry.path, entry.sha256] for entry in entries_of(landing)]


def extract_of(landing: Landing) -> Extract:
    """Say what a version should remember of a landing."""
    return Extract(
        landing.source,
        landing.shown,
        landing.rows,
        landing.counted.rows if landing.counted else None,
        landing.bound.text if landing.bound else "",
        landing.landed_at,
    )
