"""The catalogue of a project as it is now."""

from sluiceway.artifacts.catalogue import Catalogue
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.promise import Promise
from sluiceway.declare.project import Project
from sluiceway.flow.catalogue_entries import catalogue_of
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current


def catalogue(kit: Kit, project: Project) -> Catalogue:
    """Gather what is known of every declared feature, with figures of the newest feature set.

    Where nothing was ingested yet, or not of every source, that is what the declaration says.

    Raises:
        UnknownNameError, DeclarationError: the declaration does not fit the data.
    """
    dataset, promise, features = current("ingest", kit), current("spec", kit), current("features", kit)
    made = features if isinstance(features, FeatureSet) else None
    if not isinstance(dataset, DatasetVersion) or not isinstance(promise, Promise) or not _has_all(dataset, project):
        return catalogue_of(kit, project, None, None, None)  # nor is it known which values nobody may see
    return catalogue_of(kit, project, dataset, promise, made)


def _has_all(dataset: DatasetVersion, project: Project) -> bool:
    held = {table.name for table in dataset.tables}
    return all(f"sources/{name}" in held for name in project.sources)
