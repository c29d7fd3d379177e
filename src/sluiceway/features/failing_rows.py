"""Failing rows: the declared expression that some row makes fail, told in place of the statement that it is part of."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from sluiceway.artifacts.rows import Rows
from sluiceway.core.errors import NoRoomError, SourceError
from sluiceway.declare.expression import Expression
from sluiceway.declare.feature_view import FeatureView
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


def computed_of(view: FeatureView) -> str:
    """Name a view, with the features in it whose expressions can only be asked for together."""
    derived = [feature.name for feature in view.features if feature.is_derived]
    return f"view {view.name!r}" + (f", of its derived features ({', '.join(derived)}) one" if derived else "")


def conditions(view: FeatureView, rows: pa.Table | Rows) -> Iterator[Suspect]:
    """Yield the conditions of a view's features."""
    for feature in view.features:
        if feature.condition is not None:
            what = f"view {view.name!r}, feature {feature.name!r}, where"
            yield Suspect(what, feature.condition, rows, feature.written_at or view.written_at)


def of_label(
    label: Label, request: Mapping[str, Expression], *, each: pa.Table | Rows, outcomes: pa.Table | Rows
) -> Iterator[Suspect]:
    """Yield what is computed of predictions and their outcomes."""
    yield Suspect(f"label {label.name!r}", label.condition, outcomes, label.written_at)
    yield Suspect(f"label {label.name!r}, at", label.moment, each, label.written_at)
    for name, expression in request.items():
        yield Suspect(f"request feature {name!r}", expression, each, None)


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
