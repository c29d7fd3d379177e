"""Flat columns: what databases and APIs hold, as columns that a table can have."""

import json
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from sluiceway.core.errors import SourceError
from sluiceway.plans.list_columns import STORED, as_stored, holds_numbers

MOST_DIGITS = 38
TYPMOD_OFFSET = 4  # PostgreSQL, src/include/utils/numeric.h: typmod = (precision << 16 | scale) + VARHDRSZ
DAYS = (-719_162, 2_932_896)  # 0001-01-01 and 9999-12-31, in days since 1970
MICROSECONDS = (DAYS[0] * 86_400_000_000, (DAYS[1] + 1) * 86_400_000_000 - 1)
INSTEAD = "cast it to a text, a number or a time in a query()"


def flat_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema that ``flat_batch`` gives batches of this one.

    Raises:
        SourceError: a column has no flat equivalent; the message names it.
    """
    return pa.schema([pa.field(field.name, _flat_type(field)) for field in schema])


def flat_batch(batch: pa.RecordBatch, flat: pa.Schema) -> pa.RecordBatch:
    """Turn every column into one of the flat schema's, without loss where there is an equivalent.

    Decimals of at most 38 digits stay decimals, those without a declared precision become floats; times are cut to
    microseconds. Lists of numbers stay lists; others, structures and maps become JSON text, UUIDs and times of day
    text, bytes hexadecimal text.

    Raises:
        SourceError: a value does not fit its column's type.
    """
    columns = []
    for place, (field, wanted) in enumerate(zip(batch.schema, flat, strict=True)):
        try:
            columns.append(_in_our_years(_flat(batch.column(place), wanted.type)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError, OverflowError) as error:
            reason = str(error).splitlines()[0]
            raise SourceError(
                f"column {field.name!r} has a value that is no {wanted.type}: {reason}; {INSTEAD}"
            ) from error
    return pa.RecordBatch.from_arrays(columns, schema=flat)


def _in_our_years(values: pa.Array) -> pa.Array:
    """Refuse times that no calendar holds, as which databases store infinity.

    Raises:
        ValueError: there is one.
    """
    spans = {pa.date32(): (pa.int32(), DAYS), pa.timestamp("us"): (pa.int64(), MICROSECONDS)}
    plain = pa.timestamp("us") if pa.types.is_timestamp(values.type) else values.type
    if plain in spans and len(values) > values.null_count:
        number, (first, last) = spans[plain]
        ends = pc.min_max(values.cast(number))
        if ends["min"].as_py() < first or ends["max"].as_py() > last:
            raise ValueError("it lies outside the years 1 to 9999, as infinity does; make it NULL")
    return values


def _flat_type(field: pa.Field) -> pa.DataType:
    is_a, data_type = pa.types, field.type
    if isinstance(data_type, pa.BaseExtensionType):
        return _extension_type(field)
    if is_a.is_dictionary(data_type):
        return _flat_type(pa.field(field.name, data_type.value_type))
    if (
        is_a.is_integer(data_type)
        or is_a.is_floating(data_type)
        or is_a.is_boolean(data_type)
        or is_a.is_date(data_type)
    ):
        return data_type
    if is_a.is_decimal(data_type):
        return data_type if data_type.precision <= MOST_DIGITS else pa.float64()
    if is_a.is_timestamp(data_type):
        return pa.timestamp("us", "UTC" if data_type.tz else None)
    if holds_numbers(data_type):
        return STORED
    if _as_text(data_type) is not None:
        return pa.string()
    raise _unfit(field)


def _unfit(field: pa.Field) -> SourceError:
    kind = (field.metadata or {}).get(b"POSTGRESQL:type", str(field.type).encode()).decode()
    return SourceError(f"column {field.name!r} is of type {kind}, which no table holds; {INSTEAD}")


def _extension_type(field: pa.Field) -> pa.DataType:
    """Tell numbers without bounds, UUIDs, JSON and other texts apart; PostgreSQL's driver marks them."""
    name = field.type.extension_name
    if getattr(field.type, "type_name", "") == "numeric":
        typmod = int((field.metadata or {}).get(b"POSTGRESQL:typmod", b"-1"))
        return _numeric(typmod)
    if name in {"arrow.uuid", "arrow.json"} or pa.types.is_string(field.type.storage_type):
        return pa.string()
    raise _unfit(field)


def _numeric(typmod: int) -> pa.DataType:
    if typmod < TYPMOD_OFFSET:
        return pa.float64()
    precision, scale = (typmod - TYPMOD_OFFSET) >> 16 & 0xFFFF, (typmod - TYPMOD_OFFSET) & 0x7FF
    fits = precision <= MOST_DIGITS and scale <= precision
    return pa.decimal128(precision, scale) if fits else pa.float64()


def _flat(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    if values.type == wanted:
        return values
    if isinstance(values, pa.ExtensionArray):
        if values.type.extension_name == "arrow.uuid":
            return _each(values, str)
        storage = values.storage
        return storage.cast(wanted)
    if pa.types.is_dictionary(values.type):
        return _flat(values.dictionary_decode(), wanted)
    if wanted == STORED:
        return as_stored(pa.chunked_array([values])).combine_chunks()
    text = _as_text(values.type)
    if text is not None and pa.types.is_string(wanted):
        return text(values)
    return pc.cast(values, options=pc.CastOptions(wanted, allow_time_truncate=True))


def _as_text(data_type: pa.DataType) -> Callable[[pa.Array], pa.Array] | None:
    """Say how values of a type are written as text, if they are."""
    is_a = pa.types
    if is_a.is_null(data_type) or is_a.is_string(data_type) or is_a.is_large_string(data_type):
        return lambda values: values.cast(pa.string())
    if is_a.is_string_view(data_type) or is_a.is_time(data_type):
        return lambda values: values.cast(pa.string())
    if is_a.is_nested(data_type):
        return lambda values: _each(values, as_json)
    if is_a.is_binary(data_type) or is_a.is_large_binary(data_type) or is_a.is_fixed_size_binary(data_type):
        return lambda values: _each(values, bytes.hex)
    return None


def _each(values: pa.Array, text: Callable[..., str]) -> pa.Array:
    return pa.array([None if value is None else text(value) for value in values.to_pylist()], pa.string())


def as_json(value: object) -> str:
    """Write a nested value as compact JSON; what JSON lacks becomes text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?")


def is_moment(text: str) -> bool:
    """Whether a text is a whole ISO 8601 time, with or without a zone.

    >>> is_moment("2013-01-01T05:00:00Z"), is_moment("2013-01-01")
    (True, False)
    """
    return ISO_TIME.fullmatch(text) is not None


def largest(column: pa.ChunkedArray | pa.Array) -> object:
    """Return the largest value as Python's own, ``None`` when there is none; texts are compared by their bytes."""
    found = pc.max(column)
    return found.as_py() if found.is_valid else None
