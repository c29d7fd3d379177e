"""Stage 1: the spec, set beside the data, becomes the promise that every gate judges by."""

from sluiceway.artifacts.promise import Promise
from sluiceway.declare.project import Project
from sluiceway.ports.engine import Engine
from sluiceway.ports.object_store import ObjectStore
from sluiceway.spec.availability import input_availability
from sluiceway.spec.binding import bind
from sluiceway.spec.parse import parse_spec


def run(project: Project, *, files: ObjectStore, engine: Engine) -> Promise:
    """Parse the spec, bind the declaration, and find out which inputs can be had.

    Raises:
        DeclarationError: the spec or the declaration does not hold together; every problem is in the report.
    """
    spec = parse_spec(project.spec_text, path=project.pipeline.spec)
    binding = bind(project, spec, files=files, engine=engine)
    return Promise(spec, input_availability(spec, project.pipeline.label, binding), binding.sensitive)
