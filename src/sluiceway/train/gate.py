"""Gate 5: the metrics repeat, nothing leaked, and the baseline is beaten, overall and on every slice."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.evaluation import Evaluation, SliceScore
from sluiceway.artifacts.feature_set import TimeAudit
from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Criterion, Outcome, Overrides, Verdict
from sluiceway.declare.spec import Acceptance

STAGE_VERSION = 3
NAMED_AT_MOST = 5


def gate(candidate: Candidate, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Stop on a metric that did not repeat, on any sign of a leak, or where the baseline is not beaten.

    Args:
        candidate: The bundles and their evidence.
        promise: Holds the limits.
        overrides: Every override on record.
        now: Wall time, UTC.
    """
    evaluation, limits = candidate.evaluation, promise.spec.acceptance
    criteria = chain(
        _repeats(evaluation),
        _exports(evaluation, limits),
        _sides(evaluation),
        _time(candidate.time_audit),
        _leaks(candidate, limits),
        _beats(evaluation),
        _slices(evaluation.slices, limits),
    )
    return Verdict.of(criteria, overrides, now, subject=candidate.bundle.dataset)


def _repeats(evaluation: Evaluation) -> Iterator[Criterion]:
    again = evaluation.reproduction
    yield _none("metrics that differ after a second training", again.unequal)
    for name, same, factory in (
        ("bytes of a second training", again.same_bytes, "model"),
        ("bytes of the baseline's second training", again.baseline_same_bytes, "baseline"),
    ):
        yield Criterion.judged(
            name,
            measured="the same" if same else "differ",
            limit="the same",
            passed=same,
            detail="" if same else f"fix every random_state in the {factory} factory",
        )


def _exports(evaluation: Evaluation, limits: Acceptance) -> Iterator[Criterion]:
    for role, parity in (("model", evaluation.parity), ("baseline", evaluation.baseline_parity)):
        yield Criterion.judged(
            f"exported {role} against the fitted one, greatest difference",
            measured=parity.max_difference,
            limit=limits.max_onnx_difference,
            passed=parity.rows > 0 and parity.max_difference <= limits.max_onnx_difference,
            detail=f"{parity.rows_moved} of {parity.rows} rows moved",
        )


def _sides(evaluation: Evaluation) -> Iterator[Criterion]:
    split = evaluation.split
    alike = f"{split.shared_rows} holdout rows equal a training row in every column" if split.shared_rows else ""
    yield _none("rows in both training and holdout", split.shared_keys, more=alike)
    yield Criterion.at_most("training labels known only after the holdout began", measured=split.late_labels, limit=0)
    yield Criterion.judged(
        "training ends before the holdout begins, gap in s",
        measured=(split.holdout_from - split.train_until).total_seconds(),
        limit=split.gap_s,
        passed=(split.holdout_from - split.train_until).total_seconds() >= split.gap_s,
    )


def _time(audit: TimeAudit) -> Iterator[Criterion]:
    yield Criterion.at_most("labels known at the prediction", measured=audit.labels_known_early, limit=0)
    yield Criterion.at_most("inputs known only after the prediction", measured=audit.inputs_known_late, limit=0)
    early = [f"{fact.source}.{fact.column} ({fact.share:.1%} of rows)" for fact in audit.early_facts]
    yield _none("sources that know a fact before the label's source", early)
    yield _none("features from the future", audit.future_features)
    yield _none("views that the predicted row itself feeds", audit.self_fed)


def _leaks(candidate: Candidate, limits: Acceptance) -> Iterator[Criterion]:
    fitted = [
        f"{step} ({bundle.role})" for bundle in (candidate.bundle, candidate.baseline) for step in bundle.fitted_before
    ]
    yield _none("steps fitted before training", fitted)
    alone = candidate.evaluation.single_feature_auc
    limit = limits.max_single_feature_auc
    most = max(alone.values(), default=None)
    passed = most is not None and all(auc <= limit for auc in alone.values())
    suspects = sorted((name for name, auc in alone.items() if not auc <= limit), key=lambda name: -alone[name])
    named = suspects or [name for name, auc in alone.items() if auc == most]
    yield Criterion.judged(
        "ROC AUC of the strongest feature alone", measured=most, limit=limit, passed=passed, detail=_named(named)
    )


def _beats(evaluation: Evaluation) -> Iterator[Criterion]:
    ours, theirs = evaluation.holdout, evaluation.baseline_holdout
    yield Criterion.judged(
        "log loss, below the baseline's",
        measured=ours.log_loss,
        limit=theirs.log_loss,
        passed=ours.log_loss < theirs.log_loss,
        detail=f"ROC AUC {ours.roc_auc:.4f}, baseline's {theirs.roc_auc:.4f}",
    )
    yield Criterion.at_most("cost per row, no more than the baseline's", measured=ours.cost, limit=theirs.cost)


def _slices(slices: Sequence[SliceScore], limits: Acceptance) -> Iterator[Criterion]:
    """One criterion for each column: how much worse than the baseline its worst value is, in log loss."""
    for column in limits.slices:
        judged = [each for each in slices if each.column == column and each.judged]
        name = f"log loss above the baseline's, worst slice of {column}"
        if not judged:
            few = (
                f"no slice has {limits.minimum_slice_rows} rows and {limits.minimum_slice_positives} positives; lower "
                "acceptance.minimum_slice_rows or minimum_slice_positives, slice by something coarser, or leave it out"
            )
            yield Criterion(name, measured=None, limit=0.0, outcome=Outcome.INCONCLUSIVE, detail=few)
            continue
        failing = [each for each in judged if not _excess(each) < 0]
        worst = max(judged, key=_excess)
        told = f"fails on {_named([each.value for each in failing])}" if failing else f"closest on {worst.value}"
        yield Criterion.judged(
            name,
            measured=_excess(worst),
            limit=0.0,
            passed=not failing,
            detail=f"{told}; {len(judged)} slices judged",
        )


def _excess(score: SliceScore) -> float:
    return score.model_log_loss - score.baseline_log_loss


def _none(name: str, found: Sequence[str], *, more: str = "") -> Criterion:
    """Pass when nothing was found, and name what was."""
    detail = "; ".join(part for part in (_named(found), more) if part)
    return Criterion.at_most(name, measured=len(found), limit=0, detail=detail)


def _named(found: Sequence[str]) -> str:
    more = f" and {len(found) - NAMED_AT_MOST} more" if len(found) > NAMED_AT_MOST else ""
    return f"{', '.join(found[:NAMED_AT_MOST])}{more}"
