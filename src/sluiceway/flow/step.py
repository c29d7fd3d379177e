"""The step: the only place where a node starts, and where the gates above it are checked again first."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sluiceway.artifacts.promise import Promise
from sluiceway.flow.cache import Found, find, keep
from sluiceway.flow.judge import judge
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.retry import with_retries
from sluiceway.flow.stages import STAGES
from sluiceway.flow.watch import Watch
from sluiceway.ledger.standing import Standing, standing_on
from sluiceway.ports.progress import Progress


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a node may not start: the gate of ``stage`` is closed, or was never judged on this artifact."""

    node: str
    stage: str
    standing: Standing | None

    def __str__(self) -> str:
        if self.standing is None:
            return f"{self.node} may not start: gate {self.stage!r} has not been judged on what it would build upon"
        first = self.standing.verdict.closed[:1]
        why = "".join(f": {criterion.name}, {criterion.detail or criterion.measured}" for criterion in first)
        return f"{self.node} may not start: gate {self.standing.gate} ({self.stage}) is closed{why}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a node: an artifact, or a refusal."""

    artifact: Artifact | None
    cached: bool = False
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Upstream:
    """The gate nodes above a node, in order, with the artifacts they judged in this line of work."""

    gates: tuple[tuple[Node, Artifact], ...]
    promise: Promise | None

    @property
    def ids(self) -> dict[str, str]:
        """Content ids by stage."""
        return {node.stage.name: artifact.content_id for node, artifact in self.gates}


def check_gates(node: Node, upstream: Upstream, *, kit: Kit, settings: Settings, afresh: bool) -> Refusal | None:
    """Find the first gate above a node that is not open, in the ledger and at this moment.

    With ``afresh``, evidence that must be fresh is gathered again, so that a source changed behind a version's back
    stops what would be built upon it.
    """
    for stage in STAGES[: node.stage.number - 1]:
        found = next(((gate, made) for gate, made in upstream.gates if gate.stage is stage), None)
        if found is None:
            return Refusal(node.name, stage.name, None)
        gate, artifact = found
        if afresh and gate.inspect is not None and upstream.promise is not None:
            above = {name: made for name, made in upstream.ids.items() if name != stage.name}
            judge(
                gate,
                artifact,
                promise=upstream.promise,
                upstream=earlier(above, stage.number),
                kit=kit,
                settings=settings,
            )
        standing = standing_on(kit.ledger, stage.name, artifact.content_id)
        if standing is None:
            return Refusal(node.name, stage.name, None)
        if not standing.at(kit.clock.now()).is_open:
            return Refusal(node.name, stage.name, standing)
    return None


def earlier(ids: Mapping[str, str], number: int) -> dict[str, str]:
    """Keep the content ids of the stages before a number."""
    names = {stage.name for stage in STAGES[: number - 1]}
    return {name: made for name, made in ids.items() if name in names}


@dataclass(frozen=True, slots=True)
class Task:
    """A node to run: its recipe, its parents' content ids, the gates above it, and whether to pass the cache by.

    ``job`` gathers what the node works with, only once it is certain that it works.
    """

    node: Node
    recipe: str
    parents: Mapping[str, str]
    upstream: Upstream
    job: Callable[[Progress], Job]
    again: bool = False


def step(task: Task, *, kit: Kit, settings: Settings, watch: Watch) -> Outcome:
    """Run a node behind open gates, or take what its recipe made before."""
    node, started = task.node, time.perf_counter()
    found = Found(None) if task.again else find(node, task.recipe, kit)
    refusal = check_gates(node, task.upstream, kit=kit, settings=settings, afresh=found.artifact is None)
    if refusal is not None:
        return Outcome(None, refusal=refusal)
    if found.artifact is not None:
        watch.ends(node, seconds=time.perf_counter() - started, cached=True, note="")
        return Outcome(found.artifact, cached=True)
    progress = watch.begins(node)

    def work() -> Artifact:
        made = node.run(task.job(progress))
        keep(node, task.recipe, made, parents=dict(task.parents), kit=kit, settings=settings)
        return made

    artifact = with_retries(work, sleep=time.sleep, say=progress.say)
    watch.ends(node, seconds=time.perf_counter() - started, cached=False, note=found.reason)
    return Outcome(artifact)
