"""Errors: all of them in one tree.

* SluicewayError
  - MisuseError (ValueError): what was asked for, or declared, cannot be; exit 2
    + UnknownNameError (LookupError): a name that nothing has
    + UnknownEntityError (LookupError): an entity that no view knows
    + DeclarationError: a pipeline, spec or setting with its list of problems
    + RequestError: a request whose values give no features
  - UnknownObjectError (LookupError): the store lacks the object
  - UnknownTableError (LookupError): the store lacks the table
  - ConflictError (RuntimeError): another writer came first
  - LockedError (RuntimeError): another run holds the project
  - DamagedError (RuntimeError): stored bytes or entries are not what was stored
  - SourceError (RuntimeError): a source cannot be read, or its SQL cannot be run
    + NoRoomError: rows could not be kept while they were worked on
  - TrainingError (RuntimeError): the user's model failed to fit or to export
  - TransientError (RuntimeError): worth another try

A gate that refuses is not an error: it returns a verdict. An error means that nothing could be judged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

MOST_CHARACTERS = 60


class SluicewayError(Exception):
    """The root of every error that Sluiceway raises on purpose."""

    def __str__(self) -> str:
        return " ".join(str(part) for part in self.args)


class MisuseError(SluicewayError, ValueError):
    """What was asked for cannot be done as asked."""


class UnknownNameError(MisuseError, LookupError):
    """Something was named that does not exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        super().__init__(kind, name, tuple(known))

    def __str__(self) -> str:
        kind, name, known = self.args
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(known) or 'none'}."
        return f"no {kind} is called {name!r}. {hint}"


class UnknownEntityError(MisuseError, LookupError):
    """An entity was asked for that no view knows by a moment; ``near`` are those that are called nearly so.

    ``later`` is the moment from which on one knows it, where that is so.
    """

    def __init__(self, entity: str, views: Iterable[str], moment: str, near: Iterable[str], later: str = "") -> None:
        super().__init__(entity, tuple(views), moment, tuple(near), later)

    def __str__(self) -> str:
        entity, views, moment, near, later = self.args
        who = f"view {views[0]} knows nothing" if len(views) == 1 else f"none of {', '.join(views)} knows anything"
        hint = f"did you mean {' or '.join(near)}?" if near else "check its spelling, or that its rows were ingested"
        hint = f"the first fact about it became known at {later}" if later else hint
        return f"{who} of {entity} as of {moment}; {hint}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file the user wrote; ``line`` counts from 1, 0 when unknown."""

    message: str
    path: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}: " if self.path and self.line else f"{self.path}: " if self.path else ""
        return f"{place}{self.message}"


class DeclarationError(MisuseError):
    """A declaration with everything that is wrong with it, in one report."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__(tuple(problems))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong, in the order found."""
        return tuple(self.args[0])

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class RequestError(MisuseError):
    """A request holds values that no feature can be computed of."""

    def __init__(self, feature: str, expression: str, values: Mapping[str, object], reason: str) -> None:
        super().__init__(feature, expression, dict(values), reason)

    def __str__(self) -> str:
        feature, expression, values, reason = self.args
        given = ", ".join(f"{name}={_shown(value)}" for name, value in values.items()) or "no column"
        return f"feature {feature!r}, which is {expression}, cannot be computed of {given}: {reason}"


def _shown(value: object) -> str:
    text = value.isoformat() if isinstance(value, datetime) else repr(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


class UnknownObjectError(SluicewayError, LookupError):
    """An object store lacks a key."""

    def __init__(self, key: str) -> None:
        super().__init__(key)

    def __str__(self) -> str:
        return (
            f"the object store has no object {self.args[0]!r}. Where it had one, its folder was removed, emptied or is "
            "not mounted: bring it back; sluiceway run makes anew what the sources still have"
        )


class UnknownTableError(SluicewayError, LookupError):
    """A table store lacks a table with this content."""

    def __init__(self, name: str, content_id: str) -> None:
        super().__init__(name, content_id)

    def __str__(self) -> str:
        name, content_id = self.args
        return f"the table store has no table {name!r} with content {content_id[:12]}"


class ConflictError(SluicewayError, RuntimeError):
    """Another writer changed what this one built upon; read again and retry."""


class LockedError(SluicewayError, RuntimeError):
    """Another run holds the project's lock."""


class DamagedError(SluicewayError, RuntimeError):
    """Stored bytes or entries are not what was stored."""


class SourceError(SluicewayError, RuntimeError):
    """A source cannot be read, or its SQL cannot be run."""


class NoRoomError(SourceError):
    """Rows could not be kept while they were worked on: the place is to blame, and nothing can be said of the data."""


class TrainingError(SluicewayError, RuntimeError):
    """The project's own model failed to fit, or to export."""


class TransientError(SluicewayError, RuntimeError):
    """Something failed that may well succeed when tried again."""
