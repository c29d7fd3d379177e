"""Accepted versions: those that passed gate 2, which the next one is compared with."""

from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.table_ref import Column
from sluiceway.flow.cache import evidence
from sluiceway.flow.kit import Kit
from sluiceway.ledger.making import everything_made
from sluiceway.ledger.standing import VERDICT, read_standing

COMPARED_AT_MOST = 2


def accepted_versions(kit: Kit) -> tuple[DatasetVersion, ...]:
    """Load the last two versions that gate 2 let through, newest first: the newest may be the same data, made again."""
    import msgspec

    open_ids: dict[str, None] = {}
    for entry in kit.ledger.entries(VERDICT):
        if entry.body["stage"] == "ingest":
            standing = read_standing(entry)
            open_ids.pop(standing.artifact, None)
            if standing.verdict.is_open:
                open_ids[standing.artifact] = None
    made = {made.content_id: made for _, made in everything_made(kit.ledger) if made.node == "ingest"}
    found: list[DatasetVersion] = []
    for content_id in reversed(open_ids):
        data = evidence(made[content_id], kit) if content_id in made else None
        try:
            found += [decode(DatasetVersion, data)] if data is not None else []
        except msgspec.ValidationError:
            continue
        if len(found) == COMPARED_AT_MOST:
            break
    return tuple(found)


def accepted_columns(kit: Kit) -> dict[str, tuple[Column, ...]]:
    """Return the own columns of each source in the last version that gate 2 let through."""
    return next((version.kept_columns for version in accepted_versions(kit)), {})
