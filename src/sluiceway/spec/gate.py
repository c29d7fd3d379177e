"""Gate 1: the metric follows the costs, the service level is written down, and a caller has every input."""

from collections.abc import Iterator
from datetime import datetime
from math import sqrt

from sluiceway.artifacts.promise import Promise
from sluiceway.core.verdict import Criterion, Overrides, Verdict
from sluiceway.declare.spec import Spec

STAGE_VERSION = 2
BETA_TOLERANCE = 1e-6


def gate(evidence: Promise, promise: Promise, overrides: Overrides, now: datetime) -> Verdict:
    """Stop when the metric contradicts the costs, a number is missing, or an input cannot be had when asking.

    Where the spec requires licences, also when a source from outside has none.

    Args:
        evidence: What stage 1 found out about the promise.
        promise: The promise itself, by which every gate judges.
        overrides: Every override on record.
        now: Wall time, UTC.
    """
    return Verdict.of(_criteria(evidence, promise.spec), overrides, now, subject=evidence.content_id)


def _criteria(evidence: Promise, spec: Spec) -> Iterator[Criterion]:
    yield _metric(spec)
    yield _documented("latency p99, ms", spec.sla.latency_p99_ms, "above 0", spec.sla.latency_p99_ms > 0)
    yield _documented("success rate", spec.sla.success_rate, "above 0, below 1", 0 < spec.sla.success_rate < 1)
    owner = spec.problem.owner.strip()
    yield _documented("owner", owner or "nobody", "a name", bool(owner))
    yield Criterion.at_least("inputs", measured=len(evidence.inputs), limit=1)
    for found in evidence.inputs:
        measured = "available" if found.available else "not available"
        yield Criterion.judged(
            f"input {found.name} at inference",
            measured=measured,
            limit="available",
            passed=found.available,
            detail=found.reason,
        )
    if spec.acceptance.require_licence:
        yield _licences(evidence)


def _licences(evidence: Promise) -> Criterion:
    """Count the sources from outside of which no licence is declared."""
    lacking = [each.source for each in evidence.origins if each.provenance is None or not each.provenance.licence]
    return Criterion.at_most(
        "sources without a licence",
        measured=len(lacking) if evidence.origins else None,
        limit=0,
        detail=f'{", ".join(lacking)}: give Source(provenance=sw.Provenance(licence="…"))' if lacking else "",
    )


def _metric(spec: Spec) -> Criterion:
    """Compare with beta = sqrt(C_FN / C_FP); the metric ``cost`` is the costs themselves."""
    costs = spec.costs
    if not (costs.false_negative > 0 and costs.false_positive > 0):
        measured = f"{costs.false_negative} and {costs.false_positive}"
        return Criterion.judged("metric follows the costs", measured=measured, limit="costs above 0", passed=False)
    implied = sqrt(costs.false_negative / costs.false_positive)
    if spec.metric.name == "cost":
        return Criterion.judged("metric follows the costs", measured="cost", limit="f_beta or cost", passed=True)
    agrees = spec.metric.name == "f_beta" and abs(spec.beta - implied) <= BETA_TOLERANCE
    return Criterion.judged(
        "metric follows the costs",
        measured=f"{spec.metric.name}, beta {spec.beta:.6g}",
        limit=f"f_beta, beta {implied:.6g}",
        passed=agrees,
        detail=f"{costs.false_negative:g} to {costs.false_positive:g} {costs.currency} imply beta {implied:.6g}"
        + ("" if agrees else "; write beta: auto, or correct the costs"),
    )


def _documented(name: str, value: float | str, limit: str, passed: bool) -> Criterion:
    return Criterion.judged(name, measured=value, limit=limit, passed=passed)
