"""The catalogue of a project as it is now."""

from sluiceway.artifacts.catalogue import Catalogue
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.promise import Promise
from sluiceway.core.errors import MisuseError
from sluiceway.declare.project import Project
from sluiceway.flow.catalogue_entries import catalogue_of
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current


def catalogue(kit: Kit, project: Project) -> Catalogue:
    """Gather what is known of every declared feature, with figures of the newest feature set.

    Raises:
        MisuseError: nothing was ingested yet, or the newest version lacks a declared source.
        UnknownNameError, DeclarationError: the declaration does not fit the data.
    """
    dataset, promise, features = current("ingest", kit), current("spec", kit), current("features", kit)
    if not isinstance(dataset, DatasetVersion) or not isinstance(promise, Promise):
        raise MisuseError("nothing has been ingested yet; run `sluiceway run --until ingest` first")
    return catalogue_of(kit, project, dataset, promise, features if isinstance(features, FeatureSet) else None)
