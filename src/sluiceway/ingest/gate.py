"""Gate 2: everything can be rebuilt in time and byte for byte, and nothing was damaged or changed since."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sluiceway.artifacts.dataset_version import DatasetVersion, IntegrityReport
from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Criterion, Overrides, Verdict

STAGE_VERSION = 1
NAMED_AT_MOST = 5


def gate(version: DatasetVersion, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Stop when the rebuild was slow or unequal, when bytes are damaged or sources changed, or nobody looked.

    Args:
        version: The dataset, with a fresh look at its bytes.
        promise: Holds ``acceptance.max_restore_s``.
        overrides: Every override on record.
        now: Wall time, UTC.
    """
    criteria = _criteria(version, promise.spec.acceptance.max_restore_s)
    return Verdict.of(criteria, overrides, now, subject=version.content_id)


def _criteria(version: DatasetVersion, max_restore_s: float) -> Iterator[Criterion]:
    restore = version.restore
    stored = len(version.files) + len(version.tables)
    yield Criterion.at_least("files and tables", measured=stored, limit=1)
    yield Criterion.at_most(
        "rebuild, s",
        measured=restore.seconds,
        limit=max_restore_s,
        detail=f"{restore.files} files, {restore.size_bytes:,} bytes, {restore.tables} tables",
    )
    complete = (restore.files, restore.tables) == (len(version.files), len(version.tables))
    yield Criterion.judged(
        "rebuild covers everything",
        measured=f"{restore.files} files, {restore.tables} tables",
        limit="every file and table",
        passed=complete,
    )
    yield Criterion.at_most("rebuilt unequal", measured=len(restore.unequal), limit=0, detail=_named(restore.unequal))
    for extract in version.extracts:
        if extract.counted is not None:
            yield Criterion.at_least(
                f"extracted rows, {extract.source}",
                measured=extract.rows,
                limit=extract.counted,
                detail=f"landed, of those that {extract.shown} counted",
            )
    yield from _integrity(version.integrity)


def _integrity(look: IntegrityReport | None) -> Iterator[Criterion]:
    damaged = None if look is None else len(look.damaged)
    changed = None if look is None else len(look.changed)
    unseen, method = "not inspected", "" if look is None else f"compared by {look.method}"
    mend = "sluiceway run --again ingest stores them anew from their sources"
    again = "sluiceway run ingests a new version"
    yield Criterion.at_most(
        "damaged objects",
        measured=damaged,
        limit=0,
        detail=unseen if look is None else _named(look.damaged, advice=mend) or method,
    )
    yield Criterion.at_most(
        "changed sources",
        measured=changed,
        limit=0,
        detail=unseen if look is None else _named(look.changed, advice=again) or method,
    )


def _named(found: Sequence[str], *, advice: str = "") -> str:
    if not found:
        return ""
    more = f" and {len(found) - NAMED_AT_MOST} more" if len(found) > NAMED_AT_MOST else ""
    return f"{', '.join(found[:NAMED_AT_MOST])}{more}{'; ' if advice else ''}{advice}"
