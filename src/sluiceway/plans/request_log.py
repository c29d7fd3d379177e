"""The request log as a table: JSON lines to Arrow, one row per record, every input and feature a column of its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.request_record import RequestRecord
from sluiceway.artifacts.serving_contract import Field, ServingContract
from sluiceway.core.moments import in_utc

KEY, INPUT, FEATURE, VIEW = "key:", "input:", "feature:", "view:"
MOMENT = pa.timestamp("us", "UTC")
KINDS = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "time": MOMENT,
    "boolean": pa.bool_(),
}
OWN: dict[str, pa.DataType] = {
    "request_id": pa.string(),
    "row": pa.int64(),
    "rows": pa.int64(),
    "arrival": MOMENT,
    "at": MOMENT,
    "scope": pa.string(),
    "status": pa.int64(),
    "latency_us": pa.int64(),
    "work_us": pa.int64(),
    "arm": pa.string(),
    "version": pa.string(),
    "share": pa.float64(),
    "sequence": pa.int64(),
    "probability": pa.float64(),
    "prediction": pa.int64(),
    "fallback": pa.bool_(),
    "error": pa.string(),
    "rival": pa.float64(),
}


def records_of(chunk: bytes) -> list[RequestRecord]:
    """Read whole lines.

    Raises:
        msgspec.DecodeError: a line is no record.
    """
    return _decoder.decode_lines(chunk)


_decoder = msgspec.json.Decoder(RequestRecord)


def request_table(
    chunks: Iterable[bytes], *, contract: ServingContract, columns: Sequence[FeatureColumn]
) -> "pa.Table":
    """Turn the log into a table, in the order of its lines.

    Besides a record's own fields there is ``key:<name>``, ``input:<name>`` and ``feature:<name>`` with the types of the
    contract and the model's columns, and for each view ``view:<name>:digest``, ``:written`` and ``:known_through``.
    What a record lacks is null, so that logs of several versions go into one table.

    Raises:
        msgspec.DecodeError: a line is no record.
    """
    parts = [record_table(records_of(chunk), contract=contract, columns=columns) for chunk in chunks]
    schema = request_schema(contract, columns)
    return pa.concat_tables([part for part in parts if part.num_rows] or [schema.empty_table()]).combine_chunks()


def record_table(
    records: Sequence[RequestRecord], *, contract: ServingContract, columns: Sequence[FeatureColumn]
) -> "pa.Table":
    """Turn records into the same table."""
    arrays = [pa.array([getattr(record, name) for record in records], kind) for name, kind in OWN.items()]
    arrays += [pa.array(each.values(records), each.type) for each in _columns(contract, columns)]
    return pa.table(arrays, schema=request_schema(contract, columns))


def request_schema(contract: ServingContract, columns: Sequence[FeatureColumn]) -> "pa.Schema":
    """Tell the columns of ``request_table``."""
    fields = list(OWN.items())
    fields += [(each.name, each.type) for each in _columns(contract, columns)]
    return pa.schema(fields)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: pa.DataType
    values: Callable[[Sequence[RequestRecord]], list[Any]]


def _columns(contract: ServingContract, columns: Sequence[FeatureColumn]) -> list[_Column]:
    made = [_taken(KEY, each, lambda record: record.key) for each in contract.key]
    made += [_taken(INPUT, each, lambda record: record.inputs) for each in contract.inputs]
    for column in columns:
        kind = "number" if column.type == "number" else "text"
        made.append(_taken(FEATURE, Field(column.name, kind), lambda record: record.features))
    for view in contract.views:
        for place, (part, kind) in enumerate((("digest", pa.string()), ("written", MOMENT), ("known_through", MOMENT))):
            made.append(_Column(f"{VIEW}{view.name}:{part}", kind, _seen(view.name, place)))
    return made


def _taken(prefix: str, field: Field, of: Callable[[RequestRecord], Mapping[str, Any]]) -> _Column:
    name, kind = field.name, field.kind

    def values(records: Sequence[RequestRecord]) -> list[Any]:
        found = [of(record).get(name) for record in records]
        return [_moment(value) for value in found] if kind == "time" else found

    return _Column(prefix + name, KINDS[kind], values)


def _seen(view: str, place: int) -> Callable[[Sequence[RequestRecord]], list[Any]]:
    def values(records: Sequence[RequestRecord]) -> list[Any]:
        found = [record.views.get(view) for record in records]
        return [None if each is None else each[place] for each in found]

    return values


def _moment(value: Any) -> datetime | None:
    return None if value is None else in_utc(datetime.fromisoformat(value))
