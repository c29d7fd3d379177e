"""Quarantine: rows that break a rule which sets them apart, before anything is derived from them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.dataset_version import BROKEN_RULES
from sluiceway.artifacts.rows import Rows
from sluiceway.core.errors import SourceError
from sluiceway.declare.expectation import QUARANTINE, Expectation
from sluiceway.declare.expression import parse_expression
from sluiceway.declare.source import Source
from sluiceway.plans.broken_marks import broken_marks
from sluiceway.ports.engine import Engine


class Parted(NamedTuple):
    """A source's rows: those that everything is built on, and those set apart, if any, with the rules they break."""

    kept: Rows
    broken: Rows | None


def parted(source: Source, rows: Rows, made: Mapping[str, Rows], engine: Engine) -> Parted:
    """Set the rows apart that break any of a source's quarantining rules; a missing value breaks ``not_null`` only.

    The order of the rows is kept on both sides. The rows set apart say which rules they break in a column of their
    own.

    Args:
        source: The source.
        rows: Its rows, without times.
        made: The rows kept of the sources that its rules refer to.
        engine: Decides conditions over rows.

    Raises:
        SourceError: a rule does not fit the columns.
    """
    rules = [each for each in source.expectations if each.on_failure == QUARANTINE]
    if not rules or not rows.num_rows:
        return Parted(rows, None)
    keys = [_keys(rule, made) if rule.kind == "reference" else None for rule in rules]
    # A bit a row and rule: all that is held of the rows.
    marks = [
        [_marks(rule, piece, key, engine) for rule, key in zip(rules, keys, strict=True)] for piece in rows.tables()
    ]
    if not any(pc.any(_apart(each)).as_py() for each in marks):
        return Parted(rows, None)
    kept = engine.keep(piece.filter(pc.invert(_apart(each))) for piece, each in zip(rows.tables(), marks, strict=True))
    return Parted(kept, engine.keep(_broken(rows, rules, marks)))


def _apart(marks: Sequence[pa.BooleanArray]) -> pa.BooleanArray:
    apart = marks[0]
    for each in marks[1:]:
        apart = pc.or_(apart, each)
    return apart


def _broken(rows: Rows, rules: Sequence[Expectation], marks: Sequence[Sequence[pa.BooleanArray]]) -> Iterator[pa.Table]:
    for piece, each in zip(rows.tables(), marks, strict=True):
        apart = _apart(each)
        yield piece.filter(apart).append_column(BROKEN_RULES, _reasons(rules, [mark.filter(apart) for mark in each]))


def _marks(rule: Expectation, table: pa.Table, keys: pa.Table | None, engine: Engine) -> pa.BooleanArray:
    """Mark the rows that break a rule."""
    if rule.kind == "row":
        condition = parse_expression(rule.text or "")
        answer = engine.query(f"SELECT NOT {condition.sql} AS broken FROM facts", {"facts": table}, in_order=True)
        found = answer.column(0).combine_chunks()
    else:
        found = broken_marks(rule, table, keys)
    return pc.fill_null(found, False)


def _keys(rule: Expectation, made: Mapping[str, Rows]) -> pa.Table:
    """Read the key that a rule refers to."""
    other, key = made.get(rule.other or ""), [str(name) for name in rule.values or (rule.text,)]
    if other is None or not set(key) <= set(other.schema.names):
        raise SourceError(f"{rule.name}: source {rule.other!r} has no column {rule.text!r}")
    return other.table(key)


def _reasons(rules: Sequence[Expectation], marks: Sequence[pa.BooleanArray]) -> pa.Array:
    """Name the rules that each row breaks."""
    nothing = pa.scalar(None, pa.string())
    parts = [pc.if_else(mark, pa.scalar(rule.name), nothing) for rule, mark in zip(rules, marks, strict=True)]
    return pc.binary_join_element_wise(*parts, "; ", null_handling="skip")
