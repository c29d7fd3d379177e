"""Reading again: what tells that an earlier reading does not fit with what an origin holds now."""

import base64

import pyarrow as pa

from sluiceway.artifacts.landing import Counted, Landing


def same_rows(before: Landing, after: Landing) -> bool:
    """Whether two readings of one origin brought the same rows in the same columns."""
    alike = (before.tally, before.schema, before.declared, before.place)
    return alike == (after.tally, after.schema, after.declared, after.place)


def schema_of(landing: Landing) -> pa.Schema:
    """Read the parts' schema back."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(landing.schema)))


def differing(before: pa.Schema, now: pa.Schema) -> str:
    """Say how columns differ from those that landed; nothing when they do not."""
    was, new = ({field.name: str(field.type) for field in schema} for schema in (before, now))
    said = [f"+{name}" for name in new if name not in was] + [f"-{name}" for name in was if name not in new]
    said += [f"{name}: {was[name]} -> {new[name]}" for name in was if name in new and was[name] != new[name]]
    if not said and list(was) != list(new):
        return "its columns are in another order"
    return f"its columns changed: {', '.join(said)}" if said else ""


def unexplained(before: Counted | None, now: Counted | None) -> str:
    """Say that rows vanished, or came, behind the cursor, where the counts can be explained in no other way."""
    if before is None or now is None:
        return ""
    if now.rows < before.rows:
        return f"the origin has {before.rows - now.rows:,} rows fewer than before"
    more = now.rows - before.rows - now.beyond - max(0, now.at - before.at)
    return f"{more:,} rows came in behind the cursor" if more > 0 else ""
