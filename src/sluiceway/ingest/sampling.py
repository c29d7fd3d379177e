"""Sampling: which files a rebuild goes through when all of them are too many for every run."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluiceway.artifacts.dataset_version import FileEntry
from sluiceway.core.digest import digest_of
from sluiceway.declare.expectation import QUARANTINE
from sluiceway.declare.project import Project
from sluiceway.plans.lineage import tables_read

DRAWN = 300


@dataclass(frozen=True, slots=True)
class Draw:
    """The files to rebuild, and the sources of which only some are among them, with how many files each has."""

    entries: tuple[FileEntry, ...]
    sampled: Mapping[str, int]


def draw(entries: Sequence[FileEntry], *, whole_below: int) -> Draw:
    """Choose every file, or, of a set with ``whole_below`` bytes and more, 300 at random of each source that has more.

    A source of fewer files is rebuilt whole, whatever its size: of a few large files no sample says much. The choice
    follows from the files' hashes, so that the same set gives the same sample and nobody can choose it.
    """
    size = sum({entry.sha256: entry.size_bytes for entry in entries}.values())
    if size < whole_below:
        return Draw(tuple(entries), {})
    by_source: dict[str, list[FileEntry]] = {}
    for entry in entries:
        by_source.setdefault(entry.source, []).append(entry)
    sampled = {source: len(found) for source, found in by_source.items() if len(found) > DRAWN}
    chosen: set[tuple[str, str]] = set()
    for source, found in by_source.items():
        ordered = sorted(found, key=lambda entry: (entry.path, entry.sha256))
        seed = digest_of([[entry.path, entry.sha256] for entry in ordered])
        picked = random.Random(seed).sample(ordered, DRAWN) if source in sampled else ordered  # noqa: S311
        chosen |= {(source, entry.path) for entry in picked}
    return Draw(tuple(entry for entry in entries if (entry.source, entry.path) in chosen), sampled)


def whole_sources(project: Project, sampled: Mapping[str, int]) -> Project:
    """Leave out of a project the sources that a sample cannot rebuild: sampled ones, and those that need one.

    A source needs what its SQL reads, and what its rules refer to when they set rows apart.
    """
    left_out = {name.lower() for name in sampled}
    for name, source in project.sources.items():
        needed = {table.lower() for table in tables_read(source.sql)} if source.sql else set()
        needed |= {each.other.lower() for each in source.expectations if each.on_failure == QUARANTINE and each.other}
        if needed & left_out:
            left_out.add(name.lower())
    kept = {name: source for name, source in project.sources.items() if name.lower() not in left_out}
    return Project(project.pipeline, kept, project.spec_text, project.code_digest)
