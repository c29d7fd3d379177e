"""A landing: what an extract of a source has brought so far, as immutable parts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.table_ref import Column

BoundValue = int | float | Decimal | datetime | date | str


@dataclass(frozen=True, slots=True)
class Bound:
    """The largest value of a cursor column, exactly: its kind, and its text."""

    kind: str
    text: str

    @classmethod
    def of(cls, value: BoundValue) -> "Bound":
        """Keep a value.

        Raises:
            TypeError: values of this kind have no order that only grows.
        """
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | date | str):
            raise TypeError(f"a {type(value).__name__} is no cursor")
        if isinstance(value, datetime):
            aware = value.tzinfo is not None
            moment = value.astimezone(UTC) if aware else value
            return cls("moment" if aware else "time", moment.replace(tzinfo=None).isoformat(timespec="microseconds"))
        kinds = {int: "integer", float: "number", Decimal: "decimal", date: "date", str: "text"}
        kind = next(name for kind, name in kinds.items() if isinstance(value, kind))
        return cls(
            kind, value.isoformat() if isinstance(value, date) else repr(value) if kind == "number" else str(value)
        )

    @property
    def value(self) -> BoundValue:
        """The value itself; a moment is aware and in UTC, a time has no zone."""
        match self.kind:
            case "integer":
                return int(self.text)
            case "number":
                return float(self.text)
            case "decimal":
                return Decimal(self.text)
            case "moment":
                return datetime.fromisoformat(self.text).replace(tzinfo=UTC)
            case "time":
                return datetime.fromisoformat(self.text)
            case "date":
                return date.fromisoformat(self.text)
            case _:
                return self.text


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows at the origin, counted in one look: all, those exactly at a bound, and those beyond it."""

    rows: int
    at: int
    beyond: int


@dataclass(frozen=True, slots=True)
class LandedPart:
    """One immutable Parquet part: its bytes, its rows, the largest cursor value in it, and when it landed (UTC day)."""

    sha256: str
    size_bytes: int
    rows: int
    date: str
    top: Bound | None = None


@dataclass(frozen=True, slots=True)
class Landing:
    """Everything that an extract has brought, in the order in which it came.

    ``declared`` digests the origin as declared, ``place`` where it was fetched from, without secrets. ``schema`` is the
    parts' common Arrow schema, serialised, in base64; ``columns`` says the same in the kinds of tables. ``bound`` is
    the cursor's largest value, ``counted`` what the origin held at the last reading, where it can tell. ``tally``
    identifies the rows of an extract without a cursor, whatever their order.
    """

    source: str
    shown: str
    declared: str
    place: str
    parts: tuple[LandedPart, ...]
    schema: str
    columns: tuple[Column, ...]
    landed_at: str
    bound: Bound | None = None
    counted: Counted | None = None
    tally: str = ""

    @property
    def rows(self) -> int:
        """How many rows have landed."""
        return sum(part.rows for part in self.parts)


@dataclass(frozen=True, slots=True)
class Begun:
    """A reading that has not ended: ``landing`` as it would be had the origin no row beyond ``landing.bound``.

    ``base`` is the SHA-256 of the landing that it goes on from, empty where there is none.
    """

    base: str
    landing: Landing


def recalled_begun(data: bytes) -> Begun | None:
    """Read one back; nothing where the bytes are none, as after a reading that has ended."""
    try:
        return decode(Begun, data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def recalled_landing(data: bytes) -> Landing | None:
    """Read a landing back; nothing where the bytes are none, as another version of the product may have written."""
    try:
        return decode(Landing, data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def landing_key(source: str) -> str:
    """Where a source's landing is written down."""
    return f"landing/{source}.json"


def begun_key(source: str) -> str:
    """Where a reading that has not ended is written down."""
    return f"landing/begun/{source}.json"
