"""LMDB environments: one for each folder that a process has open, shared by all that use it."""

import os
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import lmdb

from sluiceway.core.errors import MisuseError

MAX_READERS = 1024
_environments: WeakValueDictionary[tuple[int, int, int], lmdb.Environment] = WeakValueDictionary()
_opening = Lock()


def opened(folder: Path, map_bytes: int, *, durable: bool) -> lmdb.Environment:
    """Open a folder, or share what this process has open: LMDB's locks break when one process opens it twice.

    Raises:
        MisuseError: it is open here with another durability.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _opening:
        found = folder.stat()
        place = (found.st_dev, found.st_ino, os.getpid())  # what was opened before a fork is not ours
        environment = _environments.get(place)
        if environment is None:
            environment = lmdb.open(
                str(folder), map_size=map_bytes, max_readers=MAX_READERS, sync=durable, metasync=durable
            )
            environment.reader_check()  # frees the slots of readers that were killed
            _environments[place] = environment
        elif environment.flags()["sync"] is not durable:
            raise MisuseError(f"the online store {folder} is already open here, durable={not durable}; open it alike")
        return environment
