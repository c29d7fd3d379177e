"""Stage 7 as two nodes: what was asked after the canary, answered by the model that won; then a look at its health."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.health_report import HealthReport
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.replayed_requests import ReplayedRequests
from sluiceway.artifacts.rollout_state import REHEARSAL, Served
from sluiceway.core.duration import parse_duration
from sluiceway.core.verdict import Verdict
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.stages import stage_named
from sluiceway.observe.gate import STAGE_VERSION, gate

if TYPE_CHECKING:
    import pyarrow as pa

    from sluiceway.flow.rehearsing import Past
    from sluiceway.ports.request_log import RequestLog


def run_replay(job: Job) -> Artifact:
    """Ask the winner what was asked after the project's present, where the settings say that there is a later."""
    from sluiceway.flow.rehearsing import answers_digest, logged, past_between, proven
    from sluiceway.plans.request_log import request_schema
    from sluiceway.server.shelf import take

    kit, served = job.kit, job.needs("deploy", CanaryReport).challenger
    bundle, _ = take(served, kit.objects)
    began = job.needs("features", FeatureSet).cutoff
    past = past_between(job, began=began, until=max(began, job.settings.replay_until or began))
    if past.traffic.questions:
        table = replayed(job, past, served, lambda log: logged(log, bundle.contract, bundle.columns))
    else:
        table = request_schema(bundle.contract, bundle.columns).empty_table()
    skew = proven(job, past, table, bundle.columns)
    name = job.needs("spec", Promise).spec.problem.name
    requests = kit.tables.write(f"requests/{name}-replay", table)
    span = past.traffic
    return ReplayedRequests(span.dataset, served, span.began, span.until, requests, answers_digest(table), skew)


def replayed(job: Job, past: "Past", served: Served, read: Callable[["RequestLog"], "pa.Table"]) -> "pa.Table":
    """Let one version answer everything, and read the log."""
    from sluiceway.deploy.rollout import first
    from sluiceway.online.replay import replay
    from sluiceway.server.board import Board

    job.progress.say(f"replaying {len(past.traffic.questions):,} requests")
    with job.kit.rehearse() as stage:
        state = first(REHEARSAL, served, at=past.traffic.began)
        Board(job.kit.objects, REHEARSAL).show(state)
        stage.endpoint.settle(state.sequence)
        for _ in replay(past.traffic, stage, progress=job.progress):
            pass
        return read(stage.log)


def replay_present(kit: Kit, replayed: ReplayedRequests) -> bool:
    """Whether the log is there."""
    return kit.tables.has(replayed.requests)


def run_observe(job: Job) -> Artifact:
    """Watch the winner's requests window by window, and try out the alarms."""
    from sluiceway.features.label_outcomes import label_outcomes
    from sluiceway.observe.logged import Logged
    from sluiceway.observe.run import run
    from sluiceway.plans.moments_sql import microseconds

    kit, dataset, label = job.kit, job.needs("ingest", DatasetVersion), job.project.pipeline.label
    canary, replayed = job.needs("deploy", CanaryReport), job.needs("replay", ReplayedRequests)
    cutoff = microseconds(replayed.until)
    logged = Logged(
        scope=REHEARSAL,
        version=canary.challenger.version,
        requests=[kit.tables.read(each.requests) for each in (canary, replayed)],
        outcomes=label_outcomes(dataset, label, tables=kit.tables, engine=kit.engine, cutoff=cutoff),
        key=label.each.keys,
        matures=parse_duration(label.matures),
        until=replayed.until,
        skew=replayed.skew,
    )
    return run(
        job.needs("evaluate", Candidate),
        job.needs("features", FeatureSet),
        logged,
        promise=job.needs("spec", Promise),
        tables=kit.tables,
        objects=kit.objects,
        progress=job.progress,
        within=job.project.pipeline.may_be_behind,
    )


def observe_present(kit: Kit, report: HealthReport) -> bool:
    """Whether the report's details are there."""
    return kit.objects.has(report.json)


def page(kit: Kit, report: HealthReport, verdict: Verdict, promise: Promise) -> str:
    """Write the health report's page, with the verdict that was just given."""
    from sluiceway.observe.page import write_page

    return write_page(report, verdict, promise, objects=kit.objects)


def tell(kit: Kit, report: HealthReport, verdict: Verdict, promise: Promise) -> None:
    """Send what has not been sent before, and write down whether to train again."""
    from sluiceway.observe import telling

    telling.tell(report, promise.spec, verdict=verdict, alerter=kit.alerter, ledger=kit.ledger, as_of=report.ended)


OBSERVE_STAGE = stage_named("observe")
REPLAY = Node(
    "replay",
    OBSERVE_STAGE,
    STAGE_VERSION,
    ReplayedRequests,
    needs=("ingest", "features", "deploy"),
    reads="features",
    run=run_replay,
    present=replay_present,
    by=("replay_until",),
)
OBSERVE = Node(
    "observe",
    OBSERVE_STAGE,
    STAGE_VERSION,
    HealthReport,
    needs=("ingest", "features", "evaluate", "deploy", "replay"),
    reads="monitoring",
    run=run_observe,
    present=observe_present,
    gate=gate,
    page=page,
    tell=tell,
    scope=lambda report: report.scope,
)
