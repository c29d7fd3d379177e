"""Questions: rows that were asked about, as the requests that ask about them."""

from collections.abc import Sequence

import msgspec
import polars as pl
import pyarrow as pa

from sluiceway.artifacts.feature_set import AT
from sluiceway.artifacts.serving_contract import Field, ServingContract
from sluiceway.ports.endpoint import Question

ISO = "%Y-%m-%dT%H:%M:%S%.fZ"


def questions_of(rows: pa.Table, contract: ServingContract) -> list[Question]:
    """Write one request for each row, at its ``_at``: the contract's inputs and key as a JSON object.

    Times are written in UTC with a ``Z``; what is missing, or no finite number, as ``null``.
    """
    fields = (*contract.inputs, *contract.key)
    bodies = _bodies(rows.select([field.name for field in fields]), fields)
    moments = rows.column(AT).cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
    return [Question(at, body) for at, body in zip(moments, bodies, strict=True)]


def _bodies(rows: pa.Table, fields: Sequence[Field]) -> list[bytes]:
    times = [pl.col(field.name).dt.strftime(ISO) for field in fields if field.kind == "time"]
    frame = pl.DataFrame(pl.from_arrow(rows)).with_columns(times)
    encode = msgspec.json.Encoder().encode
    return [encode(row) for row in frame.iter_rows(named=True)]
