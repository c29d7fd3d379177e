"""LMDB environments: one for each folder that a process has open, shared by all that use it."""

import os
from pathlib import Path
from threading import Lock
from typing import TypeAlias
from weakref import WeakValueDictionary

import lmdb

from sluiceway.core.errors import MisuseError

DATA = "data.mdb"
MAX_READERS = 1024
Place: TypeAlias = tuple[int, int, int]
_environments: WeakValueDictionary[Place, lmdb.Environment] = WeakValueDictionary()
_opening = Lock()


def opened(folder: Path, map_bytes: int, *, durable: bool) -> tuple[lmdb.Environment, Place]:
    """Open a folder, or share what this process has open: LMDB's locks break when one process opens a file twice.

    Also tells which file that is.

    Raises:
        MisuseError: it is open here with another durability.
    """
    with _opening:
        place = place_of(folder)
        environment = None if place is None else _environments.get(place)
        while environment is None or place is None:
            folder.mkdir(parents=True, exist_ok=True)
            environment = lmdb.open(
                str(folder), map_size=map_bytes, max_readers=MAX_READERS, sync=durable, metasync=durable
            )
            environment.reader_check()  # frees the slots of readers that were killed
            place = place_of(folder)  # none, where it was removed just now
            if place is not None:
                _environments[place] = environment
        if environment.flags()["sync"] is not durable:
            raise MisuseError(f"the online store {folder} is already open here, durable={not durable}; open it alike")
        return environment, place


def place_of(folder: Path) -> Place | None:
    """Tell a folder's file from others, ``None`` where it has none: no other has the number of one that is open."""
    try:
        found = (folder / DATA).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino, os.getpid()  # what was opened before a fork is not ours
