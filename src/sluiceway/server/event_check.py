"""Event check: a body as messages of a source, each a row as its stream and landing have it, or none taken."""

from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence

import msgspec

from sluiceway.artifacts.event_intake import StreamedSource
from sluiceway.core.moments import SystemClock
from sluiceway.ports.event_sink import Event
from sluiceway.server.refusal import Refusal
from sluiceway.streams.latest_time import latest_us
from sluiceway.streams.message_row import DEEPEST, column_names, row_fields, strictly
from sluiceway.streams.row_keys import row_keys, without_keys
from sluiceway.streams.row_reader import json_reader
from sluiceway.streams.row_time import RowTime, RowTimes
from sluiceway.streams.row_values import Lists, row_values
from sluiceway.streams.row_words import told

EMPTY, MALFORMED, TOO_MANY, NO_ROW, OTHER_FORMAT = 400, 400, 413, 422, 415
_ONE = msgspec.json.Decoder(msgspec.Raw).decode
_MANY = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


class EventCheck:
    """Reads the bodies of one source. Safe to share between threads."""

    def __init__(self, source: StreamedSource, *, most: int) -> None:
        """Compile what checks an event.

        Args:
            source: Whose rows the events are.
            most: How many a body may hold.

        Raises:
            DeclarationError: a time does not fit the columns.
        """
        self.source = source
        self._most = most
        kinds = {column.name: column.kind for column in source.columns}
        self._names = frozenset(kinds)
        self._times = _row_times(source, kinds)
        self._kinds = kinds = {name: kinds[name] for name in source.asked}
        self._fields = row_fields(kinds)
        self._read = strictly(json_reader(kinds))
        self._keys = row_keys(source.fact_keys, source.keys)

    def events(self, body: bytes) -> list[Event]:
        """Take a body apart: one object, an array of them, or one on each line.

        Raises:
            Refusal: 400 when it is no JSON, 413 when it holds too many, 422 with the row and the column that are wrong.
        """
        if self.source.format != "json":
            raise Refusal(
                OTHER_FORMAT,
                f"messages of {self.source.name!r} are {self.source.format}, by a registered schema; send them to "
                f"topic {self.source.topic!r} itself",
            )
        values = list(map(bytes, _values(body)))
        if len(values) > self._most:
            raise Refusal(
                TOO_MANY, f"{len(values):,} events are more than {self._most:,}, the most a request may have; split it"
            )
        rows = [self._row(place, value) for place, value in enumerate(values)]
        lists = self._checked(rows)
        return list(map(Event, self._message_keys(rows, lists), values))

    def unknown(self, events: Sequence[Event]) -> list[str]:
        """Name the columns of events that the source's table lacks; they are kept, and nothing reads them."""
        return sorted(frozenset().union(*(column_names(event.value) for event in events)) - self._names)

    def _row(self, place: int, value: bytes) -> msgspec.Struct:
        try:
            row: msgspec.Struct = self._read(value)
        except msgspec.ValidationError as error:
            raise Refusal(NO_ROW, f"row {place}: {told(error)}; nothing of this request was kept") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal(MALFORMED, f"row {place} is no JSON: {error}; nothing of this request was kept") from None
        except ValueError:  # the only other that it raises
            why = f"row {place} is nested more than {DEEPEST} deep; nothing of this request was kept"
            raise Refusal(NO_ROW, why) from None
        return row

    def _checked(self, rows: list[msgspec.Struct]) -> Lists:
        """Give rows as lists, and refuse those that a stream would set aside."""
        lists, why = row_values(rows, self._fields, self._kinds)
        timeless = self._times.of(lists, len(rows))[2]
        why = timeless | without_keys(lists, self._keys) | why
        if why:
            place = min(why)
            raise Refusal(NO_ROW, f"row {place}: {why[place]}; nothing of this request was kept")
        return lists

    def _message_keys(self, rows: list[msgspec.Struct], lists: Lists) -> list[bytes]:
        if len(self.source.keys) == 1 and self._kinds[self.source.keys[0]] == "text":
            return [text.encode() if text else _encode(text) for text in lists[self.source.keys[0]]]
        return list(map(self._key, rows))

    def _key(self, row: msgspec.Struct) -> bytes:
        """Write the columns that messages are keyed by: a text as it is, all else, and the empty text, as JSON."""
        values = [getattr(row, self._fields[name]) for name in self.source.keys]
        if len(values) == 1:
            return values[0].encode() if isinstance(values[0], str) and values[0] else _encode(values[0])
        return _encode(values) if values else b""


def _values(body: bytes) -> list[msgspec.Raw] | list[bytes]:
    stripped = body.removeprefix(BOM_UTF8).strip()
    if not stripped:
        raise Refusal(EMPTY, "the body is empty; send an event as a JSON object, an array of them, or one on each line")
    try:
        return _MANY(stripped) if stripped.startswith(b"[") else [_ONE(stripped)]
    except RecursionError:
        raise Refusal(NO_ROW, f"the body is nested more than {DEEPEST} deep; nothing of it was kept") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        lines = [line for line in stripped.splitlines() if line.strip()]
        if len(lines) > 1 and stripped.startswith(b"{"):
            return lines
        raise Refusal(MALFORMED, f"the body is no JSON: {error}") from None


def _row_times(source: StreamedSource, kinds: Mapping[str, str]) -> RowTimes:
    event, known = (
        RowTime(name, time.tree, time.columns, kinds)
        for name, time in (("event_time", source.event), ("known_time", source.known))
    )
    return RowTimes(event, event if source.known == source.event else known, latest_us(source.lateness, SystemClock()))
