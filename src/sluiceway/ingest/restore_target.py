"""Restore targets: an empty place, or one that holds what an interrupted restore of the very version left."""

from collections.abc import Sequence

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.ingest.hashing import hash_all
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.sweepable import STAGED, Leftover


def strangers(version: DatasetVersion, found: Sequence[Leftover], *, target: ObjectStore) -> list[str]:
    """Name what no restore of a version can have left: other files, and files of its own with other bytes.

    Args:
        version: What is restored.
        found: All that lies in the target, staged writes among them.
        target: Where it lies.
    """
    expected = {entry.restored_as: entry.sha256 for entry in version.files}
    whole = [each.key for each in found if each.kind != STAGED]
    staged = [each.key for each in found if each.kind == STAGED]
    hashes = hash_all([key for key in whole if key in expected], store=target)
    other = [key for key in whole if key not in expected or hashes[key] != expected[key]]
    return sorted([*other, *(key for key in staged if key.rpartition("#")[0] not in expected)])
