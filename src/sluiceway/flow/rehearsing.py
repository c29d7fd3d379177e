"""Rehearsing: a stretch of the project's own past, set up so that a server can be asked again what was asked then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sluiceway.artifacts.canary_report import SkewEvidence
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import AT, LABEL, LABEL_KNOWN, FeatureColumn, FeatureSet
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.core.duration import parse_duration
from sluiceway.deploy.outcomes import Outcomes
from sluiceway.features.point_in_time import Facts
from sluiceway.flow.node import Job
from sluiceway.online.replay import Traffic
from sluiceway.ports.request_log import RequestLog

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Past:
    """What was asked from one moment until another, what became known meanwhile, and what came of it."""

    facts: Facts
    traffic: Traffic
    outcomes: Outcomes


def past_between(job: Job, *, began: datetime, until: datetime) -> Past:
    """Gather the predictions that were due from a moment until another (UTC); what became known later is not used."""
    from sluiceway.features.asked import asked_between
    from sluiceway.features.held_tables import HeldTables
    from sluiceway.online.live_view import LiveView
    from sluiceway.online.questions import questions_of
    from sluiceway.plans.moments_sql import microseconds

    dataset, features = job.needs("ingest", DatasetVersion), job.needs("features", FeatureSet)
    pipeline, inputs = job.project.pipeline, job.needs("spec", Promise).spec.inputs
    job.progress.say("gathering what was asked")
    facts = Facts(dataset, HeldTables(job.kit.tables), job.kit.engine, microseconds(until))
    due = asked_between(facts, pipeline, inputs, began=began, until=until)
    views = [LiveView(view, facts.kinds_for(view), facts.rows(view)) for view in pipeline.feature_views]
    key = pipeline.label.each.keys
    outcomes = Outcomes(due.select([*key, AT, LABEL, LABEL_KNOWN]), key, parse_duration(pipeline.label.matures))
    return Past(facts, Traffic(dataset.content_id, views, questions_of(due, features.contract), began, until), outcomes)


def logged(log: RequestLog, contract: ServingContract, columns: Sequence[FeatureColumn]) -> "pa.Table":
    """Read a log whole."""
    from sluiceway.plans.request_log import request_table

    return request_table((chunk for _, chunk in log.read()), contract=contract, columns=columns)


def proven(job: Job, past: Past, table: "pa.Table", columns: Sequence[FeatureColumn]) -> SkewEvidence:
    """Compute every logged vector again, offline, as of its request, and compare."""
    if not table.num_rows:
        return SkewEvidence(rows=0, values=0, unequal={}, examples=())
    from sluiceway.deploy.skew import compare
    from sluiceway.features.vectors_as_of import vectors_as_of
    from sluiceway.plans.request_log import FEATURE

    job.progress.say("computing the logged vectors again, offline")
    pipeline, inputs = job.project.pipeline, job.needs("spec", Promise).spec.inputs
    answered = table.filter(_answered(table))
    left_out = {FEATURE + name for name in job.needs("features", FeatureSet).contract.unlogged}
    kept = answered.select([name for name in answered.column_names if name not in left_out])
    compute = partial(vectors_as_of, past.facts, pipeline, inputs)
    return compare(kept, compute(answered), columns, pipeline.feature_views, compute)


def answers_digest(table: "pa.Table") -> str:
    """Identify what was asked and answered, whatever the ids of requests and however long they took."""
    from sluiceway.plans.table_digest import table_content_id

    passing = {"request_id", "arrival", "latency_us", "work_us", "rival"}
    written = {name for name in table.column_names if name.startswith("view:") and name.endswith(":written")}
    return table_content_id(table.select([name for name in table.column_names if name not in passing | written]))


def _answered(table: "pa.Table") -> "pa.ChunkedArray":
    import pyarrow.compute as pc

    return pc.and_(pc.equal(table["status"], 200), pc.is_valid(table["probability"]))
