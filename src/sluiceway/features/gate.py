"""Gate 4: features are read back by id, the same each time, fast enough, and as they were when the model learnt."""

from collections.abc import Iterator
from datetime import datetime

from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Criterion, Outcome, Overrides, Verdict

STAGE_VERSION = 4


def gate(features: FeatureSet, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Stop unless both classes have rows, nothing came from the future, and online reads are right and fast."""
    criteria = [*_rows(features), *_time(features), *_retrieval(features, promise)]
    return Verdict.of(criteria, overrides, now, subject=features.dataset)


def _rows(features: FeatureSet) -> Iterator[Criterion]:
    counts = features.counts
    left_out = f"{counts.unlabelled} unlabelled and {counts.unmatured} unmatured rows are left out"
    yield Criterion.at_least("labelled positive rows", measured=counts.positives, limit=1, detail=left_out)
    yield Criterion.at_least("labelled negative rows", measured=counts.labelled - counts.positives, limit=1)


def _time(features: FeatureSet) -> Iterator[Criterion]:
    audit = features.time_audit
    if features.views:
        yield Criterion.at_least("rows whose features were computed again", measured=audit.sampled, limit=1)
    yield Criterion.at_most(
        "features that used the future",
        measured=len(audit.future_features),
        limit=0,
        detail=", ".join(audit.future_features),
    )


def _retrieval(features: FeatureSet, promise: Promise) -> Iterator[Criterion]:
    if not features.views:
        detail = "the pipeline declares no view to read"
        yield Criterion("retrieval by id", measured=None, limit=None, outcome=Outcome.NO_REFERENCE, detail=detail)
        return
    report, limit = features.retrieval, promise.spec.acceptance.max_retrieval_p99_ms
    examples = "; ".join(report.examples)
    yield Criterion.at_least("ids read", measured=report.ids, limit=1)
    yield Criterion.at_most(
        "retrieval p99, ms", measured=report.p99_ms, limit=limit, detail=f"p50 {report.p50_ms:.3f} ms"
    )
    yield Criterion.at_most(
        "values that differ when read again", measured=report.unequal_rereads, limit=0, detail=examples
    )
    yield Criterion.at_most(
        "online values that differ from offline", measured=report.unequal_offline, limit=0, detail=examples
    )
