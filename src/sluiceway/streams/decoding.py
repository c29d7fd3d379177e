"""Decoding: messages as rows of a source, with their two times; what is no row is told apart with the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from sluiceway.core.errors import UnknownNameError
from sluiceway.core.moments import in_utc
from sluiceway.declare.expression import Expression
from sluiceway.declare.expression_kind import column_named
from sluiceway.declare.source import Source
from sluiceway.plans.corrections import EVENT, KNOWN
from sluiceway.plans.moments_sql import EPOCH, MICROSECOND
from sluiceway.plans.request_closure import compile_closure
from sluiceway.streams.message_row import row_type

OFFSET = "_offset"
STORED: Mapping[str, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "time": pl.Int64(),
}
Micros = list[int | None]
Opener = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Rows in order, with ``_event``, ``_known`` (microseconds) and ``_offset``; and what is none, with the reason."""

    rows: pl.DataFrame
    poison: list[tuple[int, bytes, str]]
    unknown: frozenset[str]


class RowDecoder:
    """Decodes messages into the columns that a source's views use. Columns that nothing uses are left out.

    A message must be one object with every column that is used: a value of its column's kind, or null. JSON's times are
    ISO 8601 texts, in UTC unless they say otherwise. Columns that the table lacks are let by, and told.
    """

    def __init__(
        self, source: Source, kinds: Mapping[str, str], columns: Sequence[str], *, opened: Opener | None = None
    ) -> None:
        """Compile what reads a message.

        Args:
            source: Whose rows the messages are.
            kinds: The kind of each column of its table.
            columns: What is used of it besides its times.
            opened: Reads a message that is no JSON as an object of plain values; raises ``ValueError`` with the reason.

        Raises:
            UnknownNameError: the table lacks a column.
        """
        event, known = _present(source.event_expression), _present(source.known_expression)
        of_times = {column_named(name, kinds) for each in (event, known) for name in each.columns}
        self._columns = list(dict.fromkeys(columns))
        for name in self._columns:
            if name not in kinds:
                raise UnknownNameError("column", name, kinds)
        self._names = list(dict.fromkeys([*self._columns, *sorted(of_times)]))
        self._kinds = {name: kinds[name] for name in self._names}
        self._known_names = frozenset(kinds)
        row = row_type(self._kinds)
        self._fields = row.__struct_fields__
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(row).decode
        self._any: Opener = msgspec.json.Decoder().decode
        if opened is not None:
            self._any, self._decode = opened, lambda value: msgspec.convert(opened(value), row)
        self._event = self._timer(event, kinds)
        self._known = self._event if known.text == event.text else self._timer(known, kinds)

    def decode(self, offsets: Sequence[int], values: Sequence[bytes]) -> Decoded:
        """Decode messages; a message that is no row costs itself alone."""
        poison: list[tuple[int, bytes, str]] = []
        try:
            rows = list(map(self._decode, values))
        except (msgspec.DecodeError, ValueError):
            rows, offsets, values = self._one_by_one(offsets, values, poison)
        lists = {
            name: [getattr(row, field) for row in rows] for field, name in zip(self._fields, self._names, strict=True)
        }
        events, late_reason = self._times(self._event, lists, len(rows))
        knowns, known_reason = (
            (events, late_reason) if self._known is self._event else self._times(self._known, lists, len(rows))
        )
        keep = [event is not None and known is not None for event, known in zip(events, knowns, strict=True)]
        if not all(keep):
            for place in (place for place, kept in enumerate(keep) if not kept):
                why = late_reason.get(place) or known_reason.get(place) or "it has no event_time or no known_time"
                poison.append((offsets[place], values[place], why))
        columns = {name: _series(name, lists[name], self._kinds[name]) for name in self._columns}
        frame = pl.DataFrame(
            [
                *columns.values(),
                pl.Series(EVENT, events, pl.Int64),
                pl.Series(KNOWN, knowns, pl.Int64),
                pl.Series(OFFSET, offsets, pl.Int64),
            ]
        )
        return Decoded(frame if all(keep) else frame.filter(pl.Series(keep)), poison, self._unknown(values))

    def _one_by_one(
        self, offsets: Sequence[int], values: Sequence[bytes], poison: list[tuple[int, bytes, str]]
    ) -> tuple[list[Any], list[int], list[bytes]]:
        rows, kept_offsets, kept_values = [], [], []
        for offset, value in zip(offsets, values, strict=True):
            try:
                row = self._decode(value)
            except (msgspec.DecodeError, ValueError) as error:
                poison.append((offset, value, str(error)))
            else:
                rows.append(row)
                kept_offsets.append(offset)
                kept_values.append(value)
        return rows, kept_offsets, kept_values

    def _unknown(self, values: Sequence[bytes]) -> frozenset[str]:
        """Look at one message for columns that the table lacks."""
        found = self._any(values[-1]) if values else {}
        return frozenset(found) - self._known_names if isinstance(found, dict) else frozenset()

    def _timer(self, expression: Expression, kinds: Mapping[str, str]) -> "_Timer":
        bare = expression.tree[0] == "column"
        columns = {name: column_named(name, kinds) for name in expression.columns}
        return _Timer(
            bare=column_named(expression.tree[1], kinds) if bare else None,
            columns=tuple(columns.values()),
            kinds=kinds,
            closure=None if bare else compile_closure(expression, kinds),
        )

    def _times(self, timer: "_Timer", lists: Mapping[str, list[Any]], count: int) -> tuple[Micros, dict[int, str]]:
        if timer.bare is not None:
            return _micros(lists[timer.bare]), {}
        made: Micros = []
        why: dict[int, str] = {}
        inputs = [
            [in_utc(value) if isinstance(value, datetime) else value for value in lists[name]] for name in timer.columns
        ]
        for place in range(count):
            row = {name: values[place] for name, values in zip(timer.columns, inputs, strict=True)}
            try:
                made.append(_micro(timer.closure(row) if timer.closure else None))
            except (ValueError, TypeError, OverflowError) as error:
                made.append(None)
                why[place] = f"its time cannot be computed: {error}"
        return made, why


@dataclass(frozen=True, slots=True)
class _Timer:
    """How a row's time is read: off one column, or by a closure over several."""

    bare: str | None
    columns: tuple[str, ...]
    kinds: Mapping[str, str]
    closure: Callable[[Mapping[str, object]], object] | None


def _present(expression: Expression | None) -> Expression:
    if expression is None:
        raise ValueError("a source that is streamed has an event_time")
    return expression


def _micro(value: object) -> int | None:
    return (in_utc(value) - EPOCH) // MICROSECOND if isinstance(value, datetime) else None


def _micros(values: list[Any]) -> Micros:
    return [None if value is None else (in_utc(value) - EPOCH) // MICROSECOND for value in values]


def _series(name: str, values: list[Any], kind: str) -> pl.Series:
    return pl.Series(name, _micros(values) if kind == "time" else values, STORED[kind])
