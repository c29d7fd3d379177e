"""Failing rows: the label's expression that some row makes fail, told in place of the statement that it is part of.

What features are computed by cannot fail (see ``declare.expression_total``).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from sluiceway.artifacts.rows import Rows
from sluiceway.core.errors import NoRoomError, SourceError
from sluiceway.declare.expression import Expression
from sluiceway.declare.pipeline import Label
from sluiceway.declare.written_at import WrittenAt
from sluiceway.ports.engine import Engine

OF_ROWS = ("Conversion Error", "Out of Range Error", "Invalid Input Error")
REMEDY = "mend the value, or make it missing in the source's sql, where TRY_CAST(… AS …) does so"


@dataclass(frozen=True, slots=True)
class Suspect:
    """An expression that rows may make fail: what it is of, the rows it reads, and where it was declared."""

    what: str
    expression: Expression
    rows: pa.Table | Rows
    written_at: WrittenAt | None


@contextmanager
def told_of(suspects: Iterable[Suspect], engine: Engine, *, what: str) -> Iterator[None]:
    """Find out by which expression a statement fails, by asking for each alone; otherwise say ``what`` was computed.

    Raises:
        SourceError: a statement failed; the message names the expression, its line, and the value where that is known.
    """
    try:
        yield
    except NoRoomError:
        raise
    except SourceError as error:
        if not any(cause in str(error) for cause in OF_ROWS):
            raise SourceError(f"{what}: {error}") from error
        for suspect in suspects:
            reason = _failure(suspect, engine)
            if reason:
                place = f" ({suspect.written_at})" if suspect.written_at else ""
                told = f"{suspect.what}{place}: {suspect.expression.text} fails on a row: {reason}; {REMEDY}"
                raise SourceError(told) from error
        raise SourceError(f"{what}: {_reason(error)}; {REMEDY}") from error


def of_label(label: Label, *, each: pa.Table | Rows, outcomes: pa.Table | Rows) -> Iterator[Suspect]:
    """Yield what is computed of predictions and their outcomes."""
    yield Suspect(f"label {label.name!r}", label.condition, outcomes, label.written_at)
    yield Suspect(f"label {label.name!r}, at", label.moment, each, label.written_at)


def _failure(suspect: Suspect, engine: Engine) -> str:
    """Say why an expression cannot be computed of all rows; nothing where it can."""
    try:
        engine.query(f"SELECT count({suspect.expression.sql}) FROM suspected", {"suspected": suspect.rows})
    except SourceError as error:
        return _reason(error)
    return ""


def _reason(error: SourceError) -> str:
    """Take the engine's own sentence, without what kind of error it is and the statement."""
    first = str(error).splitlines()[0]
    return first.partition("Error: ")[2] or first
