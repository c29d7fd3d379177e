"""The project: a pipeline with its texts read, its sources in order, and its code identified."""

from collections.abc import Mapping
from dataclasses import dataclass

from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.source import Source


@dataclass(frozen=True, slots=True)
class Project:
    """A declared pipeline, ready to be bound to data.

    ``sources`` holds every source by name with the text of its SQL in place of the file's path, each after those that
    its SQL reads. ``spec_text`` is the spec as written. ``code_digest`` identifies the project's Python files
    and the environment that runs them.
    """

    pipeline: Pipeline
    sources: Mapping[str, Source]
    spec_text: str
    code_digest: str

    @property
    def words(self) -> tuple[str, ...]:
        """The names and paths that it is made of, which errors may quote whatever is sensitive."""
        patterns = [source.files.pattern for source in self.sources.values() if source.files]
        views = [name for view in self.pipeline.feature_views for name in (view.name, *(f.name for f in view.features))]
        return (*self.sources, *patterns, *views, *self.pipeline.request_columns, self.pipeline.label.name)

    def source(self, name: str) -> Source:
        """Find a source.

        Raises:
            UnknownNameError: none has this name.
        """
        try:
            return self.sources[name]
        except KeyError:
            raise UnknownNameError("source", name, self.sources) from None
