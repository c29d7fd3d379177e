"""The live canary: judged by gate 6 on what was really asked, and steered by what the gate says."""

from dataclasses import dataclass, replace

from sluiceway.artifacts.canary_report import CanaryReport
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import LIVE, RolloutState, Served
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError
from sluiceway.core.verdict import Verdict
from sluiceway.declare.project import Project
from sluiceway.deploy.canary import ABORTED, PROMOTED, Canary, CanaryWatch
from sluiceway.deploy.gate import gate
from sluiceway.deploy.kept_report import keep_report
from sluiceway.deploy.outcomes import Outcomes
from sluiceway.deploy.page import write_page
from sluiceway.deploy.rollout import ABORT, PROMOTE, START, challenger_of, changed, due
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.known_outcomes import known_outcomes
from sluiceway.flow.live_rollout import NOBODY, last_judged, make, require_state
from sluiceway.flow.recall import current as recalled
from sluiceway.flow.registered_models import versions
from sluiceway.flow.rival import rival
from sluiceway.flow.stages import stage_named
from sluiceway.ledger.overriding import overrides
from sluiceway.ledger.rolling import Transition, current, transitions
from sluiceway.ledger.standing import Standing, record_verdict, standing_on

DEPLOY = stage_named("deploy")


@dataclass(frozen=True, slots=True)
class Advanced:
    """What a look at the live canary came to.

    ``page`` is the object key of its page. ``change`` is what was done about it, if anything; ``over`` says that the
    canary is, by this change or by somebody else's.
    """

    state: RolloutState
    report: CanaryReport
    standing: Standing
    page: str
    change: str | None = None
    over: bool = False


class LiveCanary:
    """Looks at the canary that is running live, any number of times.

    A look reads only what was logged since the last, unless a newer dataset tells of more outcomes.

    Raises:
        MisuseError: nobody is being tried out, or what a run made is no longer in the store.
    """

    def __init__(self, kit: Kit, settings: Settings, project: Project) -> None:
        self._kit = kit
        self._as_of = settings.as_of
        self._label = project.pipeline.label
        self._states = running_states(kit)
        self._judged_by = ("", "")
        self._page = ""
        self._refresh()

    def _refresh(self) -> None:
        """Begin anew where the dataset or the promise is another than before."""
        dataset, promise = recalled("ingest", self._kit), recalled("spec", self._kit)
        if not isinstance(dataset, DatasetVersion) or not isinstance(promise, Promise):
            raise MisuseError("the dataset or the spec is no longer in the store; make both again: sluiceway run")
        if (dataset.content_id, promise.content_id) == self._judged_by:
            return
        self._judged_by = dataset.content_id, promise.content_id
        self._canary = live_canary(self._kit, self._states[-1], outcomes=self._outcomes(dataset), promise=promise)
        began, log = self._states[0], self._kit.requests
        self._watch = CanaryWatch(self._canary, began, log, after=self._kit.logged_since(began.since))
        for state in self._states[1:]:
            self._watch.follow(state)

    def _outcomes(self, dataset: DatasetVersion) -> Outcomes:
        table = known_outcomes(self._kit, dataset, self._label, as_of=self._as_of)
        return Outcomes(table, self._label.each.keys, parse_duration(self._label.matures))

    def look(self, *, only_news: bool = False) -> Advanced:
        """Judge the canary as it stands now, and put the verdict on record; change nothing.

        With ``only_news``, a verdict that says the same of every criterion as the last is not recorded again.
        """
        self._refresh()
        report = self._watch.look(self._kit.clock.now(), known_by=self._as_of)
        verdict = gate(report, self._canary.promise, overrides(self._kit.ledger), self._kit.clock.now())
        last = last_judged(self._kit)
        if only_news and self._page and last is not None and alike(last.verdict, verdict):
            return Advanced(self._states[-1], report, replace(last, verdict=verdict), self._page)
        return Advanced(self._states[-1], report, self._record(report, verdict), self._page)

    def _record(self, report: CanaryReport, verdict: Verdict) -> Standing:
        """Keep the evidence and its page, then put the verdict on record."""
        kit = self._kit
        keep_report(report, objects=kit.objects)
        self._page = write_page(report, verdict, self._canary.promise, objects=kit.objects)
        standing = Standing(
            DEPLOY.number, DEPLOY.name, report.content_id, self._upstream(), verdict, scope=LIVE, sequence=0
        )
        return record_verdict(kit.ledger, standing, as_of=self._as_of)

    def steer(self, seen: Advanced) -> Advanced:
        """Make the change that is due by what was seen, unless somebody else has changed the rollout meanwhile.

        Whoever calls holds the rollout's lock.
        """
        state, report, verdict = seen.state, seen.report, seen.standing.verdict
        now = require_state(self._kit)
        if now != state:
            return replace(seen, state=now, over=not self._catches_up(now))
        change = due(state, verdict.outcome, now=report.ended, requests=report.steps[-1].canary_requests)
        if change is None:
            return seen
        standing = self._record(report, verdict)
        state = changed(state, change, verdict, at=report.ended)
        make(self._kit, Transition(change, state, report.content_id, verdict.criteria))
        over = not self._catches_up(state)
        ended = {ABORT: ABORTED, PROMOTE: PROMOTED}.get(change, report.ended_by)
        report = replace(report, ended_by=ended, reason=state.reason)
        return Advanced(state, report, standing, self._page, change, over)

    def _catches_up(self, now: RolloutState) -> bool:
        """Follow further steps of the same canary; tell whether it still runs."""
        states = running_states(self._kit) if now.challenger is not None else []
        if states[:1] != self._states[:1]:
            return False
        for state in states[len(self._states) :]:
            self._watch.follow(state)
        self._states = states
        return True

    def _upstream(self) -> dict[str, str]:
        """The artifacts that the challenger stands upon, by stage."""
        artifact = artifact_of(self._kit, self._canary.challenger.served)
        trained = standing_on(self._kit.ledger, "train", artifact)
        above = {} if trained is None else trained.upstream
        return {**above, "ingest": self._canary.dataset, "train": artifact}


def alike(one: Verdict, other: Verdict) -> bool:
    """Whether two verdicts say the same of every criterion, whatever was measured."""
    said = [{criterion.name: criterion.outcome for criterion in verdict.criteria} for verdict in (one, other)]
    return said[0] == said[1]


def running_states(kit: Kit) -> list[RolloutState]:
    """Return every state of the canary that runs now, from its first share on.

    Raises:
        MisuseError: none runs.
    """
    state = current(kit.ledger, LIVE)
    if state is None:
        raise MisuseError(NOBODY)
    if state.challenger is None:
        raise MisuseError(f"{state.champion.version} answers alone; put a model on the canary: sluiceway rollout start")
    told = list(transitions(kit.ledger, LIVE))
    began = max(place for place, change in enumerate(told) if change.name == START)
    return [change.state for change in told[began:]]


def live_canary(kit: Kit, state: RolloutState, *, outcomes: Outcomes, promise: Promise) -> Canary:
    """Set both models side by side.

    Raises:
        MisuseError: nobody is being tried out.
        DamagedError: a model is not what was put on the shelf.
    """
    champion, challenger = rival(state.champion, kit), rival(challenger_of(state, "nothing is judged"), kit)
    return Canary(challenger.bundle.dataset, champion, challenger, outcomes, promise)


def artifact_of(kit: Kit, served: Served) -> str:
    """Return the candidate (content id) that a registered version is."""
    told = {f"v{version}": facts["artifact"] for version, facts in versions(kit).items()}
    return str(told.get(served.version, served.bundle))
