"""Event check: a body as the messages of a source, each of them a row by its columns and its times, or none taken."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from sluiceway.artifacts.event_intake import RowTime, StreamedSource
from sluiceway.core.moments import in_utc
from sluiceway.plans.request_closure import compile_tree
from sluiceway.ports.event_sink import Event
from sluiceway.server.refusal import Refusal
from sluiceway.streams.message_row import AHEAD, DEEPEST, MOST_AHEAD, is_nested_too_deep, row_type

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
        row = row_type(kinds)
        self._fields = dict(zip(kinds, row.__struct_fields__, strict=True))
        self._decode = msgspec.json.Decoder(row).decode
        self._known = frozenset(kinds)
        self._times = [("known_time", _timer(source.known, kinds, self._fields, latest=_soon))]
        if source.known != source.event:
            self._times.insert(0, ("event_time", _timer(source.event, kinds, self._fields)))
        else:
            self._times = [("event_time", self._times[0][1])]

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
        values = _values(body)
        if len(values) > self._most:
            raise Refusal(
                TOO_MANY, f"{len(values):,} events are more than {self._most:,}, the most a request may have; split it"
            )
        return [Event(self._key(self._row(place, value)), bytes(value)) for place, value in enumerate(values)]

    def unknown(self, event: Event) -> list[str]:
        """Name the columns of an event that the source's table lacks; they are kept, and nothing reads them."""
        return sorted(set(msgspec.json.decode(event.value)) - self._known)

    def _row(self, place: int, value: bytes | msgspec.Raw) -> msgspec.Struct:
        if is_nested_too_deep(value):
            raise Refusal(NO_ROW, f"row {place} is nested more than {DEEPEST} deep; nothing of this request was kept")
        try:
            row: msgspec.Struct = self._decode(value)
        except msgspec.ValidationError as error:
            raise Refusal(NO_ROW, f"row {place}: {_told(error)}; nothing of this request was kept") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal(MALFORMED, f"row {place} is no JSON: {error}; nothing of this request was kept") from None
        for name, timer in self._times:
            why = timer(row)
            if why:
                raise Refusal(NO_ROW, f"row {place}: it has no {name}: {why}; nothing of this request was kept")
        return row

    def _key(self, row: msgspec.Struct) -> bytes:
        """Write the columns that messages are keyed by: one text as it is, anything else as JSON."""
        values = [getattr(row, self._fields[name]) for name in self.source.keys]
        if len(values) == 1:
            return values[0].encode() if isinstance(values[0], str) else _encode(values[0])
        return _encode(values) if values else b""


def _values(body: bytes) -> list[msgspec.Raw] | list[bytes]:
    stripped = body.strip()
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


def _soon() -> datetime:
    """Tell what no ``known_time`` may lie beyond: nothing is known before it is."""
    return datetime.now(UTC) + MOST_AHEAD


def _timer(
    time: RowTime, kinds: Mapping[str, str], fields: Mapping[str, str], *, latest: Callable[[], datetime] | None = None
) -> Callable[[msgspec.Struct], str]:
    """Make what says why a row has no such time, or one that is too late; nothing where all is well."""
    closure, _ = compile_tree(time.tree, kinds)

    def why(row: msgspec.Struct) -> str:
        values = {name: getattr(row, fields[name]) for name in time.columns}
        read = {name: in_utc(value) if isinstance(value, datetime) else value for name, value in values.items()}
        try:
            found = closure(read)
        except (ArithmeticError, TypeError, ValueError) as error:
            return str(error)
        if isinstance(found, datetime):
            return AHEAD if latest is not None and found > latest() else ""
        missing = [name for name, value in values.items() if value is None]
        return f"{' and '.join(map(repr, missing))} {'is' if len(missing) == 1 else 'are'} null" if missing else "null"

    return why


def _told(error: msgspec.ValidationError) -> str:
    """Say what a decoder found, with the column as callers know it."""
    text = str(error)
    said, _, place = text.partition(" - at `$.")
    return f"column {place.rstrip('`')!r}: {said}" if place else text.replace("field `", "column `")
