"""Quarantine: rows that break a rule which sets them apart, before anything is derived from them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.artifacts.dataset_version import BROKEN_RULES
from sluiceway.core.errors import SourceError
from sluiceway.declare.expectation import QUARANTINE, Expectation
from sluiceway.declare.expression import parse_expression
from sluiceway.declare.source import Source
from sluiceway.plans.broken_marks import broken_marks
from sluiceway.ports.engine import Engine


class Parted(NamedTuple):
    """A source's rows: those that everything is built on, and those set apart, if any, with the rules they break."""

    kept: pa.Table
    broken: pa.Table | None


def parted(source: Source, table: pa.Table, made: Mapping[str, pa.Table], engine: Engine) -> Parted:
    """Set the rows apart that break any of a source's quarantining rules; a missing value breaks ``not_null`` only.

    The order of the rows is kept on both sides. The rows set apart say which rules they break in a column of their
    own.

    Args:
        source: The source.
        table: Its rows, without times.
        made: The rows kept of the sources that its rules refer to.
        engine: Decides conditions over rows.

    Raises:
        SourceError: a rule does not fit the columns.
    """
    rules = [each for each in source.expectations if each.on_failure == QUARANTINE]
    if not rules or not table.num_rows:
        return Parted(table, None)
    marks = [_marks(rule, table, made, engine) for rule in rules]
    apart = marks[0]
    for each in marks[1:]:
        apart = pc.or_(apart, each)
    if not pc.any(apart).as_py():
        return Parted(table, None)
    broken = table.filter(apart).append_column(BROKEN_RULES, _reasons(rules, [each.filter(apart) for each in marks]))
    return Parted(table.filter(pc.invert(apart)), broken)


def _marks(rule: Expectation, table: pa.Table, made: Mapping[str, pa.Table], engine: Engine) -> pa.BooleanArray:
    """Mark the rows that break a rule."""
    if rule.kind == "row":
        condition = parse_expression(rule.text or "")
        answer = engine.query(f"SELECT NOT {condition.sql} AS broken FROM facts", {"facts": table}, in_order=True)
        found = answer.column(0).combine_chunks()
    else:
        found = broken_marks(rule, table, _keys(rule, made) if rule.kind == "reference" else None)
    return pc.fill_null(found, False)


def _keys(rule: Expectation, made: Mapping[str, pa.Table]) -> pa.Table:
    """Read the key that a rule refers to."""
    other, key = made.get(rule.other or ""), [str(name) for name in rule.values or (rule.text,)]
    if other is None or not set(key) <= set(other.column_names):
        raise SourceError(f"{rule.name}: source {rule.other!r} has no column {rule.text!r}")
    return other.select(key)


def _reasons(rules: Sequence[Expectation], marks: Sequence[pa.BooleanArray]) -> pa.Array:
    """Name the rules that each row breaks."""
    nothing = pa.scalar(None, pa.string())
    parts = [pc.if_else(mark, pa.scalar(rule.name), nothing) for rule, mark in zip(rules, marks, strict=True)]
    return pc.binary_join_element_wise(*parts, "; ", null_handling="skip")
