"""Stage 7: windows of logged requests beside the reference, drills of the alarms, and whether to train again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.health_report import Drill, HealthReport, Seen, Window
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.core.moments import iso
from sluiceway.observe.alerts import EARLY, OWN, held_back
from sluiceway.observe.charts import charts
from sluiceway.observe.decision import decide
from sluiceway.observe.drill import drills
from sluiceway.observe.logged import Logged
from sluiceway.observe.reference import Reference, reference_of
from sluiceway.observe.rows import Rows
from sluiceway.observe.since import History, dated
from sluiceway.observe.spans import Span, is_early, spans
from sluiceway.observe.traffic import Requests
from sluiceway.observe.watch import watch
from sluiceway.online.predictor import Predictor
from sluiceway.plans.moments_sql import microseconds, moment_of
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.progress import Progress
from sluiceway.ports.table_store import TableStore

EVER = moment_of(0)


@dataclass(frozen=True, slots=True)
class Standard:
    """What a served model is held against: the reference, and how its alarms did in the drills."""

    candidate: Candidate
    reference: Reference
    drills: tuple[Drill, ...]


def run(  # noqa: PLR0913  (what is watched, what it is held against, and where that lies)
    candidate: Candidate,
    features: FeatureSet,
    logged: Logged,
    *,
    promise: Promise,
    tables: TableStore,
    objects: ObjectStore,
    progress: Progress,
    within: Mapping[str, timedelta | None],
) -> HealthReport:
    """Measure every window against the candidate's holdout rows; faults are planted, to see whether they are noticed.

    Args:
        candidate: The served bundle with the evaluation that gate 5 judged.
        features: The set that the bundle was trained on; its rows of the holdout are the reference.
        logged: Requests and outcomes.
        promise: Holds the limits, the costs, the windows and the columns that move with the year.
        tables: Has the feature set's table.
        objects: Has the model, and takes the report's details.
        progress: Hears how far it is.
        within: How far behind a request each view may be.

    Raises:
        DamagedError: the model does not repeat on the reference what gate 5 declared.
        UnknownTableError: the feature set's table is gone.
    """
    standard = standard_of(
        candidate, features, promise=promise, tables=tables, objects=objects, progress=progress, within=within
    )
    return measured(standard, logged, promise=promise, objects=objects, progress=progress)


def standard_of(
    candidate: Candidate,
    features: FeatureSet,
    *,
    promise: Promise,
    tables: TableStore,
    objects: ObjectStore,
    progress: Progress,
    within: Mapping[str, timedelta | None],
) -> Standard:
    """Read the reference and try the alarms on it; it holds for as many reports as one likes. See ``run``."""
    bundle = candidate.bundle
    progress.say("reading the reference")
    predictor = Predictor(bundle, objects.get(bundle.onnx))
    reference = reference_of(candidate, features, promise=promise, predictor=predictor, tables=tables, within=within)
    progress.say("planting faults")
    return Standard(candidate, reference, drills(reference, promise.spec, predictor))


def measured(
    standard: Standard, logged: Logged, *, promise: Promise, objects: ObjectStore, progress: Progress
) -> HealthReport:
    """Measure every window of a log. See ``run``."""
    bundle, reference = standard.candidate.bundle, standard.reference
    rows = logged.rows(bundle.columns, [view.name for view in reference.views])
    requests = logged.traffic()
    progress.say(f"watching {len(requests):,} requests")
    windows = watched(rows, requests, logged, reference=reference, promise=promise)
    report = HealthReport(
        scope=logged.scope,
        dataset=bundle.dataset,
        version=logged.version,
        bundle=bundle.content_id,
        began=windows[0].began if windows else logged.since or logged.until,
        ended=logged.until,
        reference=reference.digest,
        windows=windows,
        drills=standard.drills,
        decision=decide(windows),
        details=_facts(standard, logged) | _left_out(windows, requests),
        skew=logged.skew,
        seen=seen(rows.since(_new_from(logged, reference)), logged),
    )
    key = f"reports/health-{report.content_id[:12]}.json"
    objects.put(key, encode(charts(report, rows, reference, promise.spec)))
    return replace(report, json=key)


def seen(new: Rows, logged: Logged) -> Seen:
    """Count what came after the reference, and how much of it can be set beside its outcome."""
    due = new.at <= microseconds((logged.known_by or logged.until) - logged.matures)
    return Seen(len(new), int(due.sum()), int((~np.isnan(new.outcome)).sum()))


def _new_from(logged: Logged, reference: Reference) -> datetime:
    """Tell when what is new begins: a rehearsal asks the reference again, whose moments it shares; nobody does live."""
    return EVER if logged.scope == LIVE else reference.ended


def watched(
    rows: Rows, requests: Requests, logged: Logged, *, reference: Reference, promise: Promise
) -> tuple[Window, ...]:
    """Watch every window from the first request until now, and say since when what was found holds.

    What was asked in the reference's time is what it is compared with: only where there is little else it is shown.
    """
    if not len(requests):
        return ()
    spec, first = promise.spec, logged.since or moment_of(int(requests.at[0]))
    last, began = moment_of(int(requests.at[-1])), _new_from(logged, reference)
    new = rows.since(began)
    found = []
    for span in spans(spec.observe.window, first, logged.until):
        if span.began > last and not span.is_over:
            continue  # a window that has just begun, in which nobody asked yet
        now, asked, all_rows = new.within(span), requests.within(span), rows.within(span)
        is_reference = 2 * len(now) < len(all_rows)
        now = all_rows if is_reference else now
        window = watch(span, now, asked, reference=reference, spec=spec, scope=logged.scope)
        window = replace(window, is_over=span.is_over, is_reference=is_reference)
        if is_reference:
            found.append(replace(window, alerts=held_back(window.alerts, OWN)))
            continue
        if is_early(span, spec.observe.window, first=max(first, began)):
            window = replace(window, is_early=True, alerts=held_back(window.alerts, EARLY))
        sofar = Span(EVER, span.ended)
        history = History(new.within(sofar), requests.within(sofar), now, reference, spec)
        found.append(dated(window, history))
    return tuple(found)


def _left_out(windows: Sequence[Window], requests: Requests) -> dict[str, str]:
    """Of very short windows only the last are watched; then say from when on there were requests."""
    if not windows or moment_of(int(requests.at[0])) >= windows[0].began:
        return {}
    return {"earlier_left_out": iso(moment_of(int(requests.at[0])))}


def _facts(standard: Standard, logged: Logged) -> dict[str, str]:
    """What people want to know of the reference, and of how much of the log was looked at."""
    split, bundle = standard.candidate.evaluation.split, standard.candidate.bundle
    facts = {
        "reference_from": iso(split.holdout_from),
        "reference_until": iso(split.holdout_until),
        "reference_rows": str(len(standard.reference.rows)),
    }
    if bundle.contract.unlogged:
        left_out = [column.name for column in bundle.columns if column.name in bundle.contract.unlogged]
        facts["not_watched"] = f"{', '.join(left_out)}: sensitive, so that the request log leaves them out"
    return facts if logged.thinned == 1 else {**facts, "looked_at": f"one request in {logged.thinned}"}
