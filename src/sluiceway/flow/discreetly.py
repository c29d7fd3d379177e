"""Discreetly: work on the data whose errors quote nothing of it, where some columns are sensitive."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sluiceway.artifacts.promise import Promise
from sluiceway.core.discreet import discreet_words
from sluiceway.core.errors import SourceError
from sluiceway.flow.node import Job


@contextmanager
def discreetly(job: Job) -> Iterator[None]:
    """Take the values out of what went wrong with a source, if the spec calls any column sensitive."""
    promise = job.made.get("spec")
    is_discreet = isinstance(promise, Promise) and bool(promise.spec.sensitive)
    with without_values(job.project.words if is_discreet else (), is_discreet=is_discreet):
        yield


@contextmanager
def without_values(known: Collection[str], *, is_discreet: bool) -> Iterator[None]:
    """Take the values out of errors about sources, all but names that are known, where that is asked for."""
    try:
        yield
    except SourceError as error:
        if not is_discreet:
            raise
        raise type(error)(discreet_words(str(error), known)) from None
