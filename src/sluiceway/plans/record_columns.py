"""Record columns: JSON objects as flat columns, their types found over all of them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pyarrow as pa

from sluiceway.core.errors import SourceError
from sluiceway.plans import list_columns
from sluiceway.plans.flat_columns import as_json, is_moment

Record = Mapping[str, object]
LARGEST_WHOLE = 2**63
NOTHING, BOOLEAN, INTEGER, NUMBER, MOMENT, TEXT, NESTED, LIST = (
    "nothing", "boolean", "integer", "number", "moment", "text", "nested", "list",
)  # fmt: skip
STORED = {
    NOTHING: pa.string(),
    BOOLEAN: pa.bool_(),
    INTEGER: pa.int64(),
    NUMBER: pa.float64(),
    MOMENT: pa.timestamp("us", "UTC"),
    TEXT: pa.string(),
    NESTED: pa.string(),
    LIST: list_columns.STORED,
}
LANDED = {str(kind): name for name, kind in STORED.items() if name not in {NOTHING, NESTED}}


class RecordColumns:
    """Finds one type for every field that comes up, and turns records into batches of them.

    A field that a record lacks is missing there. Whole numbers among others are numbers; texts that are all ISO 8601
    times are times in UTC; lists of numbers stay lists. Objects and other lists are JSON text, and so is everything in
    a field that holds lists or objects beside other values. A field without any value is text. What was landed before
    keeps its type, as long as the values allow.
    """

    def __init__(self, landed: pa.Schema | None = None) -> None:
        self._kinds: dict[str, str] = {}
        self._landed = {field.name: LANDED.get(str(field.type), TEXT) for field in landed} if landed else {}
        self._kinds.update(dict.fromkeys(self._landed, NOTHING))

    def see(self, records: Iterable[Record], *, where: str) -> None:
        """Take note of records.

        Args:
            records: JSON objects.
            where: Such as ``page 3``, for errors.

        Raises:
            SourceError: a field holds values of types that do not go together; the message says where.
        """
        for record in records:
            for name, value in record.items():
                kind = _kind_of(value)
                known = self._kinds.get(name, NOTHING)
                if kind != known:
                    self._kinds[name] = self._joined(name, known, kind, where)

    @property
    def schema(self) -> pa.Schema:
        """The columns, those that landed before first, in the order in which they came up."""
        return pa.schema([pa.field(name, STORED[self._kind(name)]) for name in self._kinds])

    def batch(self, records: list[Record]) -> pa.RecordBatch:
        """Turn records into columns of the schema."""
        columns = []
        for field in self.schema:
            kind = self._kind(field.name)
            columns.append(pa.array([_stored(record.get(field.name), kind) for record in records], field.type))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _kind(self, name: str) -> str:
        """Decide a field's kind: that which landed where the values fit it, or else that of the values."""
        kind, landed = self._kinds[name], self._landed.get(name)
        fits = {
            NUMBER: {INTEGER, NUMBER},
            TEXT: {TEXT, MOMENT, NESTED, LIST},
            INTEGER: {INTEGER},
            MOMENT: {MOMENT},
            BOOLEAN: {BOOLEAN},
            LIST: {LIST},
        }
        return landed if landed is not None and (kind == NOTHING or kind in fits[landed]) else kind

    def _joined(self, name: str, one: str, other: str, where: str) -> str:
        kinds = {one, other} - {NOTHING}
        if len(kinds) <= 1:
            return kinds.pop() if kinds else NOTHING
        if kinds == {INTEGER, NUMBER}:
            return NUMBER
        if kinds <= {MOMENT, TEXT}:
            return TEXT
        if kinds & {NESTED, LIST}:
            return NESTED
        raise SourceError(f"field {name!r} is of type {other} on {where}, but {one} before; leave it to one type")


def _kind_of(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER if -LARGEST_WHOLE <= value < LARGEST_WHOLE else NUMBER
    if isinstance(value, float):
        return NUMBER
    if isinstance(value, str):
        return MOMENT if is_moment(value) else TEXT
    return LIST if isinstance(value, list) and all(map(_is_number, value)) else NESTED


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _stored(value: object, kind: str) -> object:
    if value is None:
        return None
    if kind == NUMBER and isinstance(value, int):
        return float(value)
    if kind == MOMENT and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if kind == LIST and isinstance(value, list):
        return [None if each is None else float(each) for each in value]
    if kind == NESTED or (kind == TEXT and not isinstance(value, str)):
        return value if isinstance(value, str) else as_json(value)
    return value
