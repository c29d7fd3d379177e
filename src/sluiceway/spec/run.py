"""Stage 1: the spec, set beside the data, becomes the promise that every gate judges by."""

from dataclasses import replace

from sluiceway.artifacts.promise import Promise
from sluiceway.declare.project import Project
from sluiceway.pages.spec_page import spec_html, spec_markdown
from sluiceway.ports.engine import Engine
from sluiceway.ports.object_store import ObjectStore
from sluiceway.spec.availability import input_availability
from sluiceway.spec.binding import bind
from sluiceway.spec.parse import parse_spec


def run(project: Project, *, files: ObjectStore, objects: ObjectStore, engine: Engine) -> Promise:
    """Parse the spec, bind the declaration, find out which inputs can be had, and write the one page.

    The page is stored as ``reports/spec-<content id>.md`` and ``.html``, the id cut to 12 digits.

    Raises:
        DeclarationError: the spec or the declaration does not hold together; every problem is in the report.
    """
    spec = parse_spec(project.spec_text, path=project.pipeline.spec)
    binding = bind(project, spec, files=files, engine=engine)
    promise = Promise(spec, input_availability(spec, project.pipeline.label, binding), "", "")
    page = f"reports/spec-{promise.content_id[:12]}"
    promise = replace(promise, markdown=f"{page}.md", html=f"{page}.html")
    objects.put(promise.markdown, spec_markdown(promise).encode())
    objects.put(promise.html, spec_html(promise).encode())
    return promise
