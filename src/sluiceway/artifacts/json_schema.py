"""JSON Schema: what the JSON of an artifact looks like, for those who read it with other tools."""

import json
from typing import Any

import msgspec

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: type[Any], *, title: str, version: int, description: str) -> str:
    """Write the JSON Schema of a type, indented, with its version in ``$id``."""
    schema = msgspec.json.schema(kind, ref_template="#/$defs/{name}")
    named = {"$schema": DIALECT, "$id": f"urn:sluiceway:{title}:{version}", "title": title, "description": description}
    return json.dumps({**named, **schema}, indent=2, ensure_ascii=False) + "\n"
