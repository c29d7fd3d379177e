"""Drills: faults are planted into a copy of the reference, and the very same watching must notice each, and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.health_report import ALERT, Drill, Window
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.declare.spec import Spec
from sluiceway.observe.fault import Fault
from sluiceway.observe.faults import faults
from sluiceway.observe.logged import ANSWERED
from sluiceway.observe.reference import Reference
from sluiceway.observe.rows import Rows, arrays
from sluiceway.observe.spans import Span
from sluiceway.observe.traffic import Requests
from sluiceway.observe.watch import watch
from sluiceway.plans.moments_sql import moment_of
from sluiceway.stats.population_stability import MINIMUM_ROWS

MOST_ROWS = 20_000
# A service that keeps its promise with ease.
USUAL_SHARE_OF_SLA = 0.2
TO_BE_HEARD = "to hear of such a fault, lower the limit in the spec's acceptance, or hold out more days"


class Scorer(Protocol):
    """What gives probabilities for columns as a model is fed."""

    def many(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Score rows, shape ``(rows,)``."""


def drills(reference: Reference, spec: Spec, scorer: Scorer, *, seed: int = 0) -> tuple[Drill, ...]:
    """Plant each fault in turn into rows drawn from the reference, and note what was said."""
    rows = drawn(reference, np.random.default_rng(seed))
    requests = Requests(
        rows.at,
        np.full(len(rows), ANSWERED, dtype=np.int64),
        np.full(len(rows), int(1000 * spec.sla.latency_p99_ms * USUAL_SHARE_OF_SLA), dtype=np.int64),
    )
    found: Sequence[Fault] = faults(reference, spec)
    return tuple(
        _drill(fault, rows, requests, reference=reference, spec=spec, scorer=scorer, seed=seed + number)
        for number, fault in enumerate(found, start=1)
    )


def drawn(reference: Reference, rng: np.random.Generator) -> Rows:
    """Draw rows with replacement, as many as there are but 20,000 at most: like the reference, yet not the same."""
    size = len(reference.rows)
    return reference.rows.take(np.sort(rng.integers(size, size=min(size, MOST_ROWS))))


def _drill(
    fault: Fault, rows: Rows, requests: Requests, *, reference: Reference, spec: Spec, scorer: Scorer, seed: int
) -> Drill:
    if fault.not_applicable:
        return Drill(fault.name, "", fault.expected, (), True, "", fault.id, fault.not_applicable)
    changed, traffic = fault.plant(rows, requests, np.random.default_rng(seed))
    if fault.column:
        said = scorer.many(arrays(changed.features))
        changed = replace(changed, probability=said)
    span = Span(moment_of(int(rows.at[0])), moment_of(int(rows.at[-1])) + timedelta(microseconds=1))
    window = watch(span, changed, traffic, reference=reference, spec=spec, scope=LIVE)
    return judged(fault, window)


def judged(fault: Fault, window: Window) -> Drill:
    """Set what was sent beside what had to be.

    Beside its own alert a fault may raise those that follow from it, as predictions follow their columns, and no
    other; the control must send nothing. Warnings may be noted.
    """
    sent = [alert for alert in window.alerts if alert.severity == ALERT]
    fired = tuple(f"{alert.kind}: {alert.subject}" for alert in sent)
    stray = [alert for alert, name in zip(sent, fired, strict=True) if name != fault.expected]
    behaved = (not fault.expected or fault.expected in fired) and all(fault.may_raise(each) for each in stray)
    return Drill(fault.name, fault.column, fault.expected, fired, behaved, _detail(fault, window, fired), fault.id)


def _detail(fault: Fault, window: Window, fired: Sequence[str]) -> str:
    """What was said of the fault itself, or else of whatever there was; why nothing could be, or how it would be."""
    if window.performance is None or window.performance.rows < MINIMUM_ROWS:
        return f"the holdout is too small to compare with: under {MINIMUM_ROWS} rows nothing is said"
    alerts = window.alerts
    own = [alert for alert in alerts if f"{alert.kind}: {alert.subject}" == fault.expected]
    missed = [TO_BE_HEARD] if fault.expected and fault.expected not in fired else []
    return "; ".join([*(alert.message for alert in own or alerts), *missed])
