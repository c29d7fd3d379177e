"""Decoding: messages as rows of a source, with their two times; what is no row is told apart with the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from sluiceway.artifacts.table_ref import NUMBERS
from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.expression import Expression
from sluiceway.declare.source import Source
from sluiceway.plans.corrections import EVENT, KNOWN
from sluiceway.plans.list_columns import as_in_tables
from sluiceway.streams.message_row import AHEAD, row_type
from sluiceway.streams.row_time import Micros, RowTime, micros
from sluiceway.streams.stored_kinds import STORED

OFFSET = "_offset"
TIMELESS = "it has no event_time or no known_time"
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
        self,
        source: Source,
        kinds: Mapping[str, str],
        columns: Sequence[str],
        *,
        opened: Opener | None = None,
        latest_us: Callable[[], int] | None = None,
    ) -> None:
        """Compile what reads a message.

        Args:
            source: Whose rows the messages are.
            kinds: The kind of each column of its table.
            columns: What is used of it besides its times.
            opened: Reads a message that is no JSON as an object of plain values; raises ``ValueError`` with the reason.
            latest_us: The latest ``known_time`` that a row may have now, in microseconds since the epoch.

        Raises:
            UnknownNameError: the table lacks a column.
        """
        event, known = _present(source.event_expression), _present(source.known_expression)
        self._latest_us = latest_us
        self._event = RowTime(event, kinds)
        self._known = self._event if known.text == event.text else RowTime(known, kinds)
        self._columns = list(dict.fromkeys(columns))
        for name in self._columns:
            if name not in kinds:
                raise UnknownNameError("column", name, kinds)
        of_times = sorted({*self._event.columns, *self._known.columns})
        self._names = list(dict.fromkeys([*self._columns, *of_times]))
        self._kinds = {name: kinds[name] for name in self._names}
        self._known_names = frozenset(kinds)
        row = row_type(self._kinds)
        self._fields = row.__struct_fields__
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(row).decode
        self._any: Opener = msgspec.json.Decoder().decode
        if opened is not None:
            self._any, self._decode = opened, lambda value: msgspec.convert(opened(value), row)

    def decode(self, offsets: Sequence[int], values: Sequence[bytes]) -> Decoded:
        """Decode messages; a message that is no row costs itself alone."""
        poison: list[tuple[int, bytes, str]] = []
        try:
            rows = list(map(self._decode, values))
        except (msgspec.DecodeError, ValueError, RecursionError):
            rows, offsets, values = self._one_by_one(offsets, values, poison)
        fields = zip(self._fields, self._names, strict=True)
        lists = {name: [getattr(row, field) for row in rows] for field, name in fields}
        events, knowns, timeless = self._times(lists, len(rows))
        poison += [(offsets[place], values[place], why) for place, why in timeless.items()]
        frame = self._frame(lists, {EVENT: events, KNOWN: knowns, OFFSET: offsets})
        if timeless:
            frame = frame.filter(pl.Series(place not in timeless for place in range(len(rows))))
        return Decoded(frame, poison, self._unknown(values))

    def _one_by_one(
        self, offsets: Sequence[int], values: Sequence[bytes], poison: list[tuple[int, bytes, str]]
    ) -> tuple[list[Any], list[int], list[bytes]]:
        rows, kept_offsets, kept_values = [], [], []
        for offset, value in zip(offsets, values, strict=True):
            try:
                row = self._decode(value)
            except (msgspec.DecodeError, ValueError) as error:
                poison.append((offset, value, str(error)))
            except RecursionError:
                poison.append((offset, value, "it is nested too deep"))
            else:
                rows.append(row)
                kept_offsets.append(offset)
                kept_values.append(value)
        return rows, kept_offsets, kept_values

    def _times(self, lists: Mapping[str, list[Any]], count: int) -> tuple[Micros, Micros, dict[int, str]]:
        """Give both times of so many rows, and by place why one of them is missing."""
        events, why_event = self._event.of(lists, count)
        knowns, why_known = (events, why_event) if self._known is self._event else self._known.of(lists, count)
        timeless = {
            place: why_event.get(place) or why_known.get(place) or TIMELESS
            for place, times in enumerate(zip(events, knowns, strict=True))
            if None in times
        }
        latest = self._latest_us() if self._latest_us else None
        if latest is not None and any(known is not None and known > latest for known in knowns):
            ahead = (place for place, known in enumerate(knowns) if known is not None and known > latest)
            timeless |= dict.fromkeys(ahead, AHEAD)
        return events, knowns, timeless

    def _frame(self, lists: Mapping[str, list[Any]], whole: Mapping[str, Sequence[int | None]]) -> pl.DataFrame:
        columns = [_series(name, lists[name], self._kinds[name]) for name in self._columns]
        return pl.DataFrame([*columns, *(pl.Series(name, values, pl.Int64) for name, values in whole.items())])

    def _unknown(self, values: Sequence[bytes]) -> frozenset[str]:
        """Look at one message for columns that the table lacks."""
        try:
            found = self._any(values[-1]) if values else {}
        except RecursionError:  # in what nothing reads, a level deeper than its type could go
            return frozenset()
        return frozenset(found) - self._known_names if isinstance(found, dict) else frozenset()


def _present(expression: Expression | None) -> Expression:
    if expression is None:
        raise ValueError("a source that is streamed has an event_time")
    return expression


def _series(name: str, values: list[Any], kind: str) -> pl.Series:
    found = pl.Series(name, micros(values) if kind == "time" else values, STORED[kind])
    return as_in_tables(found) if kind == NUMBERS else found
