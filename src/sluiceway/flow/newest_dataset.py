"""The newest dataset version, which must be there."""

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.promise import Promise
from sluiceway.core.errors import MisuseError
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current
from sluiceway.flow.reference import dataset_versions, require_evidence


def newest_version(kit: Kit) -> DatasetVersion:
    """Give the version that was made last.

    Raises:
        MisuseError: nothing was ingested yet.
        DamagedError: the store has lost all that was.
    """
    versions = dataset_versions(kit)
    if not versions:
        raise _none(kit)
    return list(versions.values())[-1]


def newest_dataset(kit: Kit) -> DatasetVersion:
    """Give the version that the last run stood upon. Raises as ``newest_version`` does."""
    dataset = current("ingest", kit)
    if not isinstance(dataset, DatasetVersion):
        raise _none(kit)
    return dataset


def newest_promised(kit: Kit) -> tuple[DatasetVersion, Promise]:
    """Give that version with what the spec promised of it. Raises as ``newest_version`` does."""
    dataset, promise = newest_dataset(kit), current("spec", kit)
    if not isinstance(promise, Promise):
        raise _none(kit)
    return dataset, promise


def _none(kit: Kit) -> MisuseError:
    require_evidence("", kit)
    return MisuseError("nothing has been ingested yet; run `sluiceway run --until ingest` first")
