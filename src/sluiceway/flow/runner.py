"""The runner: stage by stage, in one process, stopping behind the first gate that is closed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from threading import Lock

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.promise import Promise
from sluiceway.core.errors import MisuseError
from sluiceway.declare.project import Project
from sluiceway.flow.arriving import arrived_now
from sluiceway.flow.discreetly import without_values
from sluiceway.flow.extracting import Extracted, landed_now
from sluiceway.flow.graph import GRAPH
from sluiceway.flow.ingest_node import INGEST
from sluiceway.flow.judge import judge, looked_at_again
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.node import Artifact, Job, Node
from sluiceway.flow.observed import Declaration, files_now, read_declaration
from sluiceway.flow.recipe import recipe_of
from sluiceway.flow.reference import references_for
from sluiceway.flow.retry import with_retries
from sluiceway.flow.rival import rival_id
from sluiceway.flow.stages import STAGES, Stage, stage_named
from sluiceway.flow.step import Outcome, Refusal, Task, Upstream, step
from sluiceway.flow.streamed import intake_of
from sluiceway.flow.watch import Watch
from sluiceway.ledger.running import published, record_published, record_run
from sluiceway.ledger.standing import Standing
from sluiceway.ports.progress import Progress, Silence
from sluiceway.ports.project_reader import ProjectReader
from sluiceway.server.event_intake import show_intake

PARALLEL_NODES = 2


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to: each node's content id, which of them were cached, the verdicts, and a refusal if any."""

    made: Mapping[str, str]
    cached: frozenset[str]
    standings: tuple[Standing, ...]
    pages: Mapping[str, str]
    refusal: Refusal | None = None
    extracted: tuple[Extracted, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether every gate that was judged is open, and nothing was refused."""
        return self.refusal is None and all(standing.verdict.is_open for standing in self.standings)


@dataclass(slots=True)
class Line:
    """The line of work of one run: what has been made so far, and what was said about it."""

    declaration: Declaration
    project: Project | None
    observed: dict[str, object]
    graph: Sequence[Node]
    loading: Lock = field(default_factory=Lock)
    made: dict[str, Artifact] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    standings: list[Standing] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    extracted: tuple[Extracted, ...] = ()

    def loaded(self, reader: ProjectReader) -> Project:
        """Return the project, read at most once: two nodes that start together must not both import it."""
        with self.loading:
            self.project = self.project or reader.load()
            return self.project

    @property
    def promise(self) -> Promise | None:
        """The promise, once stage 1 has made it."""
        promise = self.made.get("spec")
        return promise if isinstance(promise, Promise) else None

    def upstream(self, stage: Stage) -> Upstream:
        """The gates above a stage, with what each judged."""
        gates = [
            node for node in self.graph if node.gate and node.stage.number < stage.number and node.name in self.made
        ]
        return Upstream(tuple((node, self.made[node.name]) for node in gates), self.promise)


class Runner:
    """Runs the graph for one project. The caller holds the project's lock."""

    def __init__(self, kit: Kit, settings: Settings, watch: Watch, *, graph: Sequence[Node] = GRAPH) -> None:
        self._kit = kit
        self._settings = settings
        self._watch = watch
        self._graph = graph

    def run(self, *, until: str | None = None, only: str | None = None, again: str | None = None) -> RunReport:
        """Run all stages, those up to ``until``, or ``only`` one behind what earlier runs made.

        ``again`` names a stage to run afresh, whatever is cached.

        Raises:
            UnknownNameError: there is no such stage.
            DeclarationError: the declaration has problems.
            SluicewayError: something could not be judged.
        """
        if only and until:
            raise MisuseError(f"--only {only} and --until {until} exclude each other; give one of them")
        if again is not None:
            chosen(self._graph, again)
        stages = chosen(self._graph, only or until)
        line = self._line(again=again)
        refusal: Refusal | None = None
        for stage in stages:
            works = only is None or stage.name == only
            refusal = self._stage(stage, line, works=works, again=again == stage.name, wanted=only or stage.name)
            if refusal or any(not standing.verdict.is_open for standing in line.standings):
                break
        made = {name: artifact.content_id for name, artifact in line.made.items()}
        report = RunReport(made, frozenset(line.cached), tuple(line.standings), line.pages, refusal, line.extracted)
        self._conclude(report)
        return report

    def _line(self, *, again: str | None) -> Line:
        declaration, project = read_declaration(self._kit)
        with without_values([*declaration.origins, *declaration.streams], is_discreet=declaration.has_secrets):
            landed, extracted = landed_now(
                declaration.origins,
                self._kit,
                progress=self._watch.extracts,
                say=self._watch.tells,
                afresh=again == INGEST.stage.name,
            )
            arrived, events = arrived_now(declaration.streams, self._kit, say=self._watch.tells)
        extracted = (*extracted, *events)
        observed: dict[str, object] = {"files": [*files_now(declaration, self._kit), *landed, *arrived]}
        return Line(declaration, project, observed, self._graph, extracted=extracted)

    def _stage(self, stage: Stage, line: Line, *, works: bool, again: bool, wanted: str) -> Refusal | None:
        for nodes in ready_groups(self._graph, stage):
            outcomes = self._together(nodes, line, again=again, works=works)
            for node, outcome in zip(nodes, outcomes, strict=True):
                if outcome.refusal is not None:
                    return outcome.refusal
                if outcome.artifact is None:
                    return self._unmade(stage, wanted)
                line.made[node.name] = outcome.artifact
                line.cached |= {node.name} if outcome.cached else set()
        if works:
            self._judge(stage, line, again=again)
        return None

    def _together(self, nodes: list[Node], line: Line, *, again: bool, works: bool) -> list[Outcome]:
        if not works:
            return [self._recall(node, line) for node in nodes]
        if len(nodes) == 1:
            return [self._step(nodes[0], line, again)]
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(PARALLEL_NODES, thread_name_prefix="node")
        try:
            return list(pool.map(lambda node: self._step(node, line, again), nodes))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # an interrupt must not wait for what it interrupts

    def _recall(self, node: Node, line: Line) -> Outcome:
        from sluiceway.flow.cache import find

        recipe, _ = self._recipe(node, line, self._observed(node, line))
        return Outcome(find(node, recipe, self._kit).artifact, cached=True)

    def _unmade(self, stage: Stage, wanted: str) -> Refusal:
        """Tell why there is nothing to build upon: a source changed behind its version's back, or nobody made it."""
        for node in self._graph:
            standing = looked_at_again(node, graph=self._graph, kit=self._kit, settings=self._settings)
            if standing is not None and not standing.verdict.is_open:
                return Refusal(wanted, node.stage.name, standing)
        return Refusal(wanted, stage.name, None)

    def _observed(self, node: Node, line: Line) -> dict[str, object]:
        observed = dict(line.observed)
        if "reference" in node.by:
            asked = line.declaration.asked_references
            observed["reference"] = references_for(line.made["ingest"].content_id, asked, self._settings, self._kit)
        candidate = line.made.get("evaluate")
        if "rival" in node.by and isinstance(candidate, Candidate):
            observed["rival"] = rival_id(candidate, self._kit)
        return observed

    def _recipe(self, node: Node, line: Line, observed: Mapping[str, object]) -> tuple[str, dict[str, str]]:
        parents = {name: line.made[name].content_id for name in node.needs}
        material = line.declaration.materials[node.reads]
        return recipe_of(node, parents=parents, material=material, settings=self._settings, observed=observed), parents

    def _step(self, node: Node, line: Line, again: bool) -> Outcome:
        observed = self._observed(node, line)
        recipe, parents = self._recipe(node, line, observed)

        def job(progress: Progress) -> Job:
            return Job(line.loaded(self._kit.reader), self._kit, self._settings, dict(line.made), observed, progress)

        task = Task(node, recipe, parents, line.upstream(node.stage), job, again)
        return step(task, kit=self._kit, settings=self._settings, watch=self._watch)

    def _judge(self, stage: Stage, line: Line, *, again: bool) -> None:
        node = next(node for node in self._graph if node.stage is stage and node.gate)
        artifact = line.made[node.name]
        if line.promise is None:
            raise TypeError("stage 1 made no promise")
        upstream = line.upstream(stage)
        standing = judge(
            node, artifact, promise=line.promise, upstream=upstream.ids, kit=self._kit, settings=self._settings
        )
        line.standings.append(standing)
        self._watch.judged(standing)
        promise = line.promise
        if node.page is not None:
            line.pages[stage.name] = node.page(self._kit, artifact, standing.verdict, promise)
        if node.tell is not None:
            node.tell(self._kit, artifact, standing.verdict, promise)
        if standing.verdict.is_open and isinstance(artifact, DatasetVersion):
            show_intake(self._kit.objects, intake_of(line.declaration.streams, artifact, self._kit))
        if standing.verdict.is_open and node.publish is not None:
            with_retries(
                lambda: publish(node, artifact, promise=promise, kit=self._kit, settings=self._settings, again=again),
                sleep=time.sleep,
                say=Silence().say,
            )

    def _conclude(self, report: RunReport) -> None:
        gates = {standing.stage: [standing.verdict.outcome, standing.sequence] for standing in report.standings}
        refused = str(report.refusal) if report.refusal else None
        body = {"gates": gates, "made": report.made, "pages": report.pages, "refused": refused}
        record_run(self._kit.ledger, body, as_of=self._settings.as_of)


def publish(node: Node, artifact: Artifact, *, promise: Promise, kit: Kit, settings: Settings, again: bool) -> None:
    """Tell the world, unless this artifact is the last that was told of; after a kill it is told again, harmlessly."""
    told = [name for name, facts in published(kit.ledger).items() if facts["node"] == node.name]
    known = node.is_published is None or node.is_published(kit, artifact)
    if node.publish is None or (told[-1:] == [artifact.content_id] and known and not again):
        return
    facts = node.publish(kit, artifact, promise)
    record_published(kit.ledger, node.name, artifact.content_id, facts, as_of=settings.as_of)


def chosen(graph: Sequence[Node], name: str | None) -> tuple[Stage, ...]:
    """Choose the stages up to the one that was named, or all that have nodes.

    Raises:
        UnknownNameError: there is no such stage.
        MisuseError: the stage is numbered, but does not run yet.
    """
    last = stage_named(name) if name else graph[-1].stage
    built = {node.stage.name for node in graph}
    if last.name not in built:
        raise MisuseError(
            f"stage {last.number} ({last.name}) does not run in this version; the last is {graph[-1].stage.name}"
        )
    return tuple(stage for stage in STAGES[: last.number] if stage.name in built)


def ready_groups(graph: Sequence[Node], stage: Stage) -> Iterator[list[Node]]:
    """Yield a stage's nodes in topological order, those that may run at once together."""
    nodes = {node.name: node for node in graph if node.stage is stage}
    sorter = TopologicalSorter({name: [need for need in node.needs if need in nodes] for name, node in nodes.items()})
    sorter.prepare()
    while sorter.is_active():
        ready = sorter.get_ready()
        yield [nodes[name] for name in sorted(ready)]
        sorter.done(*ready)
