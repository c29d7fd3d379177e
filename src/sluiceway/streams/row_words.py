"""Row words: why something is no row, in the words that tables have for their columns."""

import re

import msgspec

KINDS = {"int": "integer", "float": "number", "str": "text", "bool": "boolean", "datetime": "time", "array": "list"}
QUOTED, LACKING = re.compile(r"`([^`]*)`"), "Object missing required field "
NO_TIME = "it is no time; write one as ISO 8601 does, such as 2018-02-05T14:00:02+01:00"


def told(error: Exception) -> str:
    """Say what a decoder found, with the column and its kind as callers know them.

    >>> told(msgspec.ValidationError("Expected `int | null`, got `str` - at `$.delay`"))
    "column 'delay': expected integer or null, got text"
    >>> told(msgspec.ValidationError("Object missing required field `delay`"))
    "column 'delay' is missing"
    """
    if not isinstance(error, msgspec.ValidationError):
        return str(error)
    said, _, place = str(error).partition(" - at `$.")
    if said.startswith(LACKING):
        return f"column {said.removeprefix(LACKING).strip('`')!r} is missing"
    words = NO_TIME if said.startswith("Invalid RFC3339") else QUOTED.sub(_words, said)
    words = words[:1].lower() + words[1:]
    return f"column {place.rstrip('`').removesuffix('[...]')!r}: {words}" if place else words


def _words(found: re.Match[str]) -> str:
    return " or ".join(KINDS.get(name, name) for name in found[1].split(" | "))
