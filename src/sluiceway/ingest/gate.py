"""Gate 2: everything can be rebuilt in time and byte for byte, and nothing was damaged or changed since."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sluiceway.artifacts.dataset_version import DatasetVersion, IntegrityReport, RestoreReport, RestoreSample
from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Criterion, Overrides, Verdict
from sluiceway.ingest.schema_criteria import schema_criteria

STAGE_VERSION = 5
MOST_MISSED = 0.01
NAMED_AT_MOST = 5


def gate(version: DatasetVersion, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Stop when the rebuild was slow or unequal, bytes damaged, sources or frozen schemas changed, or nobody looked.

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
    done = f"{restore.files} files, {restore.size_bytes:,} bytes, {restore.tables} tables"
    if restore.sample is None:
        yield Criterion.at_most("rebuild, s", measured=restore.seconds, limit=max_restore_s, detail=done)
        complete = (restore.files, restore.tables) == (len(version.files), len(version.tables))
        yield Criterion.judged(
            "rebuild covers everything",
            measured=f"{restore.files} files, {restore.tables} tables{_origins(restore)}",
            limit="every file and table",
            passed=complete,
        )
    else:
        yield from _sampled(version, restore, restore.sample, max_restore_s)
    yield Criterion.at_most("rebuilt unequal", measured=len(restore.unequal), limit=0, detail=_named(restore.unequal))
    yield from schema_criteria(version)
    for extract in version.extracts:
        if extract.counted is not None:
            yield Criterion.at_least(
                f"extracted rows, {extract.source}",
                measured=extract.rows,
                limit=extract.counted,
                detail=f"landed, of those that {extract.shown} counted",
            )
    yield from _integrity(version.integrity)


def _sampled(
    version: DatasetVersion, restore: RestoreReport, sample: RestoreSample, max_restore_s: float
) -> Iterator[Criterion]:
    """Judge the whole by a sample: its time is an estimate, and what the sample could have missed has a limit."""
    yield Criterion.at_most(
        "rebuild, s, estimated",
        measured=sample.estimated_s,
        limit=max_restore_s,
        detail=f"an estimate for the whole: {restore.files} of {sample.of} files took {restore.seconds:.1f} s",
    )
    accounted = (sample.of, restore.tables + len(sample.tables)) == (len(version.files), len(version.tables))
    yield Criterion.judged(
        "rebuild covers a sample",
        measured=f"{restore.files} of {len(version.files)} files, {restore.tables} of {len(version.tables)} tables"
        + _origins(restore),
        limit="files drawn at random, every table but those of sampled sources",
        passed=accounted and 0 < sample.files == restore.files,
        detail=_named(sample.tables, before="not derived again: "),
    )
    yield Criterion.at_most(
        "damaged share that the sample could miss",
        measured=sample.missed,
        limit=MOST_MISSED,
        detail="with 95 % confidence no larger share of a sampled source's files was damaged",
    )


def _origins(restore: RestoreReport) -> str:
    """Say of each source where its files were rebuilt from; sources alike are told together."""
    told: dict[str, list[str]] = {}
    for each in restore.origins:
        both = each.from_source and each.from_objects
        parted = f"{each.from_source} from the source, {each.from_objects} from stored objects"
        whence = parted if both else "from the source" if each.from_source else "from stored objects"
        told.setdefault(whence, []).append(each.source)
    return "".join(f"; {_named(sources)} {whence}" for whence, sources in told.items())


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


def _named(found: Sequence[str], *, before: str = "", advice: str = "") -> str:
    if not found:
        return ""
    more = f" and {len(found) - NAMED_AT_MOST} more" if len(found) > NAMED_AT_MOST else ""
    return f"{before}{', '.join(found[:NAMED_AT_MOST])}{more}{'; ' if advice else ''}{advice}"
