"""Avro messages: records as plain rows, each by the very schema it was written with."""

import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sluiceway.plans.wire_frame import LESS_IS_CUT


def avro_reader(text: str, references: Sequence[str] = ()) -> Callable[[bytes, int], dict[str, object]]:
    """Make what reads a record that begins at a place in a message's bytes.

    Decimals become floats, and timestamps without a zone are taken to be UTC. The reader raises ``ValueError`` where
    the bytes are no such record, end too early, or go on after it.

    Args:
        text: The schema, a record, as JSON.
        references: Schemas whose names it uses, each before those that need it.

    Raises:
        ValueError: it is no schema of a record.
    """
    from fastavro import schemaless_reader

    schema = _parsed(text, references)

    def read(value: bytes, place: int) -> dict[str, object]:
        stream = io.BytesIO(value)
        stream.seek(place)
        try:
            record: Any = schemaless_reader(stream, schema, None)
        except EOFError:
            raise ValueError(LESS_IS_CUT) from None
        except Exception as error:
            raise ValueError(f"it is no record of its schema: {type(error).__name__}") from error
        if stream.tell() != len(value):
            raise ValueError(f"{len(value) - stream.tell()} bytes are left over after its record")
        return {name: _plain(each) for name, each in record.items()}

    return read


def _parsed(text: str, references: Sequence[str]) -> Any:
    from fastavro import parse_schema

    named: dict[str, Any] = {}
    try:
        for each in references:
            parse_schema(json.loads(each), named_schemas=named)
        schema = parse_schema(json.loads(text), named_schemas=named)
    except Exception as error:
        raise ValueError(f"its schema cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise ValueError("its schema is not one of a record, so it has no columns")
    return schema


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value
