"""Decoding: messages as rows of a source, with their two times; what is no row is told apart with the reason."""

from collections.abc import Callable, Collection, Mapping, Sequence
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
from sluiceway.streams.message_row import column_names, row_fields, strictly
from sluiceway.streams.row_keys import row_keys, without_keys
from sluiceway.streams.row_reader import json_reader, object_reader
from sluiceway.streams.row_time import RowTimes, micros
from sluiceway.streams.row_values import row_values
from sluiceway.streams.row_words import told
from sluiceway.streams.stored_kinds import STORED

OFFSET = "_offset"
LOOKED_AT = 500
Opener = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Rows in order, with ``_event``, ``_known`` (microseconds) and ``_offset``; and what is none, with the reason."""

    rows: pl.DataFrame
    poison: list[tuple[int, bytes, str]]
    unknown: frozenset[str]


class RowDecoder:
    """Decodes messages into the columns that a source's views use. Columns that nothing uses are left out.

    A message must be one object with every column that is used: a value of its column's kind, or null; but no null in
    the keys of the source and of its topic. JSON's times are ISO 8601 texts, in UTC unless they say otherwise. Columns
    that the table lacks are let by, and told.
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
            columns: What is used of it besides its times and keys.
            opened: Reads a message that is no JSON as an object of plain values; raises ``ValueError`` with the reason.
            latest_us: The latest ``known_time`` that a row may have now, in microseconds since the epoch.

        Raises:
            UnknownNameError: the table lacks a column, or a key.
        """
        event, known = _present(source.event_expression), _present(source.known_expression)
        self._times = RowTimes.of_expressions(event, known, kinds, latest_us)
        self._columns = list(dict.fromkeys(columns))
        self._keys = row_keys(source.keys, source.stream.keys if source.stream else ())
        for name in (*self._columns, *self._keys):
            if name not in kinds:
                raise UnknownNameError("column", name, kinds)
        read = dict.fromkeys([*self._columns, *self._times.columns, *self._keys])
        self._kinds = {name: kinds[name] for name in read}
        self._known_names = frozenset(kinds)
        self._fields = row_fields(self._kinds)
        self._decode = strictly(json_reader(self._kinds))
        self._names: Callable[[bytes], Collection[str]] = column_names
        if opened is not None:
            self._decode = _opening(opened, object_reader(self._kinds))
            self._names = lambda value: found if isinstance(found := opened(value), Mapping) else ()

    def decode(self, offsets: Sequence[int], values: Sequence[bytes]) -> Decoded:
        """Decode messages; a message that is no row costs itself alone."""
        poison: list[tuple[int, bytes, str]] = []
        try:
            rows = list(map(self._decode, values))
        except (msgspec.DecodeError, ValueError):
            rows, offsets, values = self._one_by_one(offsets, values, poison)
        lists, why = row_values(rows, self._fields, self._kinds)
        events, knowns, timeless = self._times.of(lists, len(rows))
        why = timeless | without_keys(lists, self._keys) | why
        poison += [(offsets[place], values[place], why[place]) for place in sorted(why)]
        frame = self._frame(lists, {EVENT: events, KNOWN: knowns, OFFSET: offsets})
        if why:
            frame = frame.filter(pl.Series(place not in why for place in range(len(rows))))
        return Decoded(frame, poison, self._unknown(values))

    def _one_by_one(
        self, offsets: Sequence[int], values: Sequence[bytes], poison: list[tuple[int, bytes, str]]
    ) -> tuple[list[Any], list[int], list[bytes]]:
        rows, kept_offsets, kept_values = [], [], []
        for offset, value in zip(offsets, values, strict=True):
            try:
                row = self._decode(value)
            except (msgspec.DecodeError, ValueError) as error:
                poison.append((offset, value, told(error)))
            else:
                rows.append(row)
                kept_offsets.append(offset)
                kept_values.append(value)
        return rows, kept_offsets, kept_values

    def _frame(self, lists: Mapping[str, list[Any]], whole: Mapping[str, Sequence[int | None]]) -> pl.DataFrame:
        columns = [_series(name, lists[name], self._kinds[name]) for name in self._columns]
        return pl.DataFrame([*columns, *(pl.Series(name, values, pl.Int64) for name, values in whole.items())])

    def _unknown(self, values: Sequence[bytes]) -> frozenset[str]:
        """Look for columns that the table lacks, in some hundred messages of a batch at most."""
        some = values[:: len(values) // LOOKED_AT + 1]
        return frozenset(name for value in some for name in self._names(value)) - self._known_names


def _opening(opened: Opener, read: Callable[[object], Any]) -> Opener:
    return lambda value: read(opened(value))


def _present(expression: Expression | None) -> Expression:
    if expression is None:
        raise ValueError("a source that is streamed has an event_time")
    return expression


def _series(name: str, values: list[Any], kind: str) -> pl.Series:
    found = pl.Series(name, micros(values) if kind == "time" else values, STORED[kind])
    return as_in_tables(found) if kind == NUMBERS else found
