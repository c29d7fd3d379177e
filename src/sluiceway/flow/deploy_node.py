"""Stage 6 as a node: the candidate rehearsed against its rival, on requests that it has not learnt from."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import REHEARSAL
from sluiceway.core.errors import DamagedError, UnknownObjectError
from sluiceway.core.verdict import Verdict
from sluiceway.deploy.gate import STAGE_VERSION, gate
from sluiceway.flow.kit import Kit
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.stages import stage_named
from sluiceway.ledger.rolling import Transition, record_transition

if TYPE_CHECKING:
    import pyarrow as pa

    from sluiceway.deploy.canary import Canary


def run(job: Job) -> Artifact:
    """Ask a real server what was asked since the holdout began, and let its answers decide on the rollout."""
    from sluiceway.deploy.canary import Canary
    from sluiceway.deploy.kept_report import keep_report
    from sluiceway.deploy.rehearse import Control, rehearse
    from sluiceway.flow.rehearsing import answers_digest, logged, past_between, proven
    from sluiceway.flow.rival import rival, rivals
    from sluiceway.online.replay import replay
    from sluiceway.server.board import Board
    from sluiceway.server.example import keep_example

    kit, candidate, features = job.kit, job.needs("evaluate", Candidate), job.needs("features", FeatureSet)
    began = candidate.evaluation.split.holdout_from
    past = past_between(job, began=began, until=features.cutoff)
    sides = rivals(candidate, kit)
    promise = job.needs("spec", Promise)
    champion, challenger = rival(sides.champion, kit), rival(sides.challenger, kit)
    canary = Canary(features.dataset, champion, challenger, past.outcomes, promise)

    def record(change: Transition) -> None:
        record_transition(kit.ledger, change, as_of=change.state.since)

    job.progress.say(f"rehearsing {len(past.traffic.questions):,} requests")
    with kit.rehearse() as stage:
        control = Control(
            record, Board(kit.objects, REHEARSAL), stage.endpoint, partial(keep_report, objects=kit.objects)
        )
        checkpoints = (point.at for point in replay(past.traffic, stage, progress=job.progress))
        report = rehearse(canary, checkpoints, began=began, log=stage.log, control=control, beside=sides.beside)
        table = logged(stage.log, features.contract, canary.columns)
    skew = proven(job, past, comparable(table, canary), candidate.bundle.columns)
    if past.traffic.questions:
        keep_example(past.traffic.questions[-1].body, kit.objects, features.contract.unlogged)
    requests = kit.tables.write(f"requests/{promise.spec.problem.name}-rehearsal", table)
    return replace(report, skew=skew, requests=requests, answers=answers_digest(table))


def comparable(table: "pa.Table", canary: "Canary") -> "pa.Table":
    """Keep the requests whose vector can be computed from this project: a champion from another one may take others."""
    import pyarrow.compute as pc

    if canary.champion.bundle.views == canary.challenger.bundle.views:
        return table
    return table.filter(pc.equal(table["version"], canary.challenger.served.version))


def present(kit: Kit, report: CanaryReport) -> bool:
    """Whether the log is there, and both sides are on the shelf as they were put there."""
    from sluiceway.server.shelf import bundle_of

    try:
        for served in (report.champion, report.challenger):
            bundle_of(served, kit.objects)
    except (UnknownObjectError, DamagedError):
        return False
    return kit.tables.has(report.requests)


def page(kit: Kit, report: CanaryReport, verdict: Verdict, promise: Promise) -> str:
    """Write the canary's page, with the verdict that was just given."""
    from sluiceway.deploy.page import write_page

    return write_page(report, verdict, promise, objects=kit.objects)


DEPLOY = Node(
    "deploy",
    stage_named("deploy"),
    STAGE_VERSION,
    CanaryReport,
    needs=("ingest", "features", "evaluate"),
    reads="rollout",
    run=run,
    present=present,
    by=("rival",),
    gate=gate,
    page=page,
    scope=lambda report: report.scope,
)
