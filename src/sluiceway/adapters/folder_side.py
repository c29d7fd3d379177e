"""The side channel in a folder: a file of JSON lines for each call, by source and kind."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from sluiceway.adapters.spool import sync
from sluiceway.core.disk_trouble import disk_trouble
from sluiceway.core.errors import SourceError
from sluiceway.ports.side_channel import Aside


class FolderSide:
    """Messages that were set aside, in ``source/kind/partition-offset.ndjson``, named by the first of them.

    What is set aside again after a kill replaces the file of the same name, or is there twice by its offset.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, source: str, messages: Sequence[Aside]) -> None:
        """Keep messages durably before returning.

        Raises:
            SourceError: the disk refuses.
        """
        kinds = sorted({message.kind for message in messages})
        try:
            for kind in kinds:
                self._write(self._folder / source / kind, [each for each in messages if each.kind == kind])
        except OSError as error:
            raise SourceError(f"{self._folder} cannot be written: {disk_trouble(error)}") from error

    def read(self, source: str, kind: str) -> list[Aside]:
        """Return what was set aside of a kind, in the order of the files' names.

        Raises:
            SourceError: the disk refuses.
        """
        try:
            paths = sorted((self._folder / source / kind).glob("*.ndjson"))
            return [_aside(kind, line) for path in paths for line in path.read_bytes().splitlines()]
        except OSError as error:
            raise SourceError(f"{self._folder} cannot be read: {disk_trouble(error)}") from error

    def _write(self, folder: Path, messages: Sequence[Aside]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{messages[0].partition}-{messages[0].offset:020d}"
        staged = folder / f"{name}.{os.getpid()}.new"
        with staged.open("wb") as file:
            file.writelines(aside_json(message) + b"\n" for message in messages)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(folder / f"{name}.ndjson")
        sync(folder)


def aside_json(message: Aside) -> bytes:
    """Write a message with its place, the reason, and when it was set aside, in microseconds of wall time.

    What is no UTF-8 text is shown as well as it goes.
    """
    told = {
        "partition": message.partition,
        "offset": message.offset,
        "why": message.why,
        "at": message.at,
        "message": message.value.decode(errors="backslashreplace"),
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _aside(kind: str, line: bytes) -> Aside:
    told = json.loads(line)
    return Aside(kind, told["partition"], told["offset"], told["why"], told["message"].encode(), told.get("at"))
