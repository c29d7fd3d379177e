"""Stage 1: the spec, set beside the data, becomes the promise that every gate judges by."""

from collections.abc import Mapping

from sluiceway.artifacts.data_origin import DataOrigin
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.table_ref import Column
from sluiceway.declare.project import Project
from sluiceway.ports.engine import Engine
from sluiceway.ports.object_store import ObjectStore
from sluiceway.spec.availability import input_availability
from sluiceway.spec.binding import NONE_ACCEPTED, NONE_LANDED, bind
from sluiceway.spec.parse import parse_spec


def run(
    project: Project,
    *,
    files: ObjectStore,
    engine: Engine,
    landed: Mapping[str, tuple[Column, ...]] = NONE_LANDED,
    accepted: Mapping[str, tuple[Column, ...]] = NONE_ACCEPTED,
) -> Promise:
    """Parse the spec, bind the declaration, and find out which inputs can be had.

    ``landed`` holds the columns of the sources that are extracted from databases and APIs, ``accepted`` the own columns
    of every source in the last version that passed gate 2.

    Raises:
        DeclarationError: the spec or the declaration does not hold together; every problem is in the report.
    """
    spec = parse_spec(project.spec_text, path=project.pipeline.spec)
    binding = bind(project, spec, files=files, engine=engine, landed=landed, accepted=accepted)
    outside = [source for source in project.sources.values() if source.origin is not None]
    origins = tuple(DataOrigin(source.name, source.provenance) for source in outside)
    return Promise(spec, input_availability(spec, project.pipeline.label, binding), origins, binding.sensitive)
