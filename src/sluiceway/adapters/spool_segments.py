"""Spool segments: the files of the project's own topics, as far as they can be swept."""

import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from sluiceway.adapters.spool import SUFFIX, sync
from sluiceway.core.disk_trouble import disk_trouble
from sluiceway.core.errors import SourceError
from sluiceway.ports.sweepable import SEGMENT, Leftover, segment_key


class SpoolSegments:
    """The segments below a folder, each topic's last aside: its name tells which offset comes next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def leftovers(self, is_kept: Callable[[str], bool]) -> Sequence[Leftover]:
        """Name the segments that nobody reads any more, the oldest of a topic first."""
        found = []
        for topic in sorted({path.parent for path in self._folder.glob(f"*/*{SUFFIX}")}):
            segments = sorted(topic.glob(f"*{SUFFIX}"))
            for segment, following in pairwise(segments):
                key = segment_key(topic.name, int(segment.stem), upto=int(following.stem))
                if not is_kept(key):
                    found.append(Leftover(key, segment.stat().st_size, SEGMENT))
        return sorted(found, key=lambda each: each.key)

    def remove(self, found: Sequence[Leftover]) -> None:
        """Remove what was named in its order, so that what stays of a topic has no gap, whoever is killed."""
        for each in found:
            topic, first, _ = each.key.split("@")[1:]
            segment = self._folder / topic / f"{int(first):020d}{SUFFIX}"
            try:
                segment.unlink(missing_ok=True)
                sync(segment.parent)
            except OSError as error:
                raise SourceError(f"{os.fspath(segment)} cannot be removed: {disk_trouble(error)}") from error
