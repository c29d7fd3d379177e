"""Discreetly: work on the data whose errors quote nothing of it, where some columns are sensitive."""

from collections.abc import Iterator
from contextlib import contextmanager

from sluiceway.artifacts.promise import Promise
from sluiceway.core.discreet import discreet_words
from sluiceway.core.errors import SourceError
from sluiceway.flow.node import Job


@contextmanager
def discreetly(job: Job) -> Iterator[None]:
    """Take the values out of what went wrong with a source, if the spec calls any column sensitive."""
    try:
        yield
    except SourceError as error:
        promise = job.made.get("spec")
        if not isinstance(promise, Promise) or not promise.spec.sensitive:
            raise
        raise SourceError(discreet_words(str(error), job.project.words)) from None
