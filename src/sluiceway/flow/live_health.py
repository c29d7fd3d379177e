"""Live health: the versions that answered of late, each watched by the code that watches a rehearsal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sluiceway.artifacts.canary_report import Unread
from sluiceway.artifacts.codec import encode
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.health_report import HealthReport
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError
from sluiceway.core.verdict import Verdict
from sluiceway.declare.project import Project
from sluiceway.flow.answering import Answering, answering, features_of
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.known_outcomes import known_outcomes
from sluiceway.flow.live_rollout import NOBODY
from sluiceway.flow.pinned_views import limits_of_models
from sluiceway.flow.recall import current as recalled
from sluiceway.flow.stages import stage_named
from sluiceway.ledger.overriding import overrides
from sluiceway.ledger.rolling import current
from sluiceway.ledger.standing import Standing, record_verdict, standing_on
from sluiceway.observe.gate import gate
from sluiceway.ports.progress import Silence

if TYPE_CHECKING:
    import pyarrow as pa

    from sluiceway.observe.live_log import Answered
    from sluiceway.observe.logged import Logged
    from sluiceway.observe.run import Standard

OBSERVE = stage_named("observe")
A_MOMENT = timedelta(microseconds=1)
WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Health:
    """How one version fares. ``page`` is the object key of its page, once it is on record."""

    report: HealthReport
    verdict: Verdict
    answering: Answering
    standing: Standing | None = None
    page: str = ""
    failed: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What a look at the live log came to.

    ``requests`` counts what arrived from ``since`` (UTC) on, of which one in ``one_in`` was looked at; ``unknown``
    counts rows by versions that the registry does not know, ``unread`` lines that could not be read.
    """

    since: datetime
    until: datetime
    requests: int
    one_in: int
    found: tuple[Health, ...]
    unknown: Mapping[str, int]
    unread: Unread

    @property
    def is_open(self) -> bool:
        """Whether there was something to watch, and gate 7 is open on all of it."""
        return bool(self.found) and all(each.verdict.is_open for each in self.found)


class LiveHealth:
    """Looks at live traffic any number of times; a look reads what was logged since the last.

    Raises:
        MisuseError: nobody answers live traffic yet, or what a run made is no longer in the store.
    """

    def __init__(self, kit: Kit, settings: Settings, load: Callable[[], Project], *, windows: int = WINDOWS) -> None:
        from sluiceway.observe.live_log import LiveLog

        if current(kit.ledger, LIVE) is None:
            raise MisuseError(NOBODY)
        self._kit = kit
        self._as_of = settings.as_of
        self._windows = windows
        self._promise = self._promised()
        project = load()  # the project's code is not loaded for nothing
        self._label = project.pipeline.label
        self._within = {**limits_of_models(kit, project), **project.pipeline.may_be_behind}
        self._log = LiveLog(
            kit.requests,
            key=self._label.each.keys,
            bundle_of=self._bundle_of,
            after=kit.logged_since(self._since(kit.clock.now())),
        )
        self._standards: dict[tuple[str, str], Standard] = {}
        self._bundles: dict[str, ModelBundle | None] = {}
        self._outcomes: tuple[str, pa.Table] | None = None
        self._recorded: dict[str, Health] = {}

    @property
    def currency(self) -> str:
        """What costs are told in."""
        return self._promise.spec.costs.currency

    def look(self) -> LookedAt:
        """Measure how every version fares that answered within the windows; change nothing."""
        now = self._kit.clock.now()
        since, self._promise = self._since(now), self._promised()
        self._log.read(since)
        asked = sum(_requests(table) for table in self._log.tables)
        found, unknown = [], {}
        for version, answered in self._log.answered.items():
            who = answering(version, self._kit)
            if who is None:
                unknown[version] = answered.rows
            else:
                found.append(self._health(who, answered, now))
        found.sort(key=lambda each: each.answering.is_serving)  # what holds now is recorded and said last
        return LookedAt(since, now, asked * self._log.one_in, self._log.one_in, tuple(found), unknown, self._log.unread)

    def settle(self, seen: LookedAt, *, only_news: bool = False) -> LookedAt:
        """Put what was seen on record, and send the alerts that are due of those that answer now.

        With ``only_news``, what says the same as the last is not recorded again, unless an alert could not be
        delivered. Whoever calls holds a lock, so that nobody else sends the same meanwhile.
        """
        return replace(seen, found=tuple(self._on_record(health, only_news) for health in seen.found))

    def _on_record(self, health: Health, only_news: bool) -> Health:
        last = self._recorded.get(health.report.version)
        if only_news and last is not None and not last.failed and alike(last, health):
            return replace(health, standing=last.standing, page=last.page)
        self._recorded[health.report.version] = self._settled(health)
        return self._recorded[health.report.version]

    def _settled(self, health: Health) -> Health:
        from sluiceway.observe.page import write_page
        from sluiceway.observe.telling import tell

        kit, report, failed = self._kit, health.report, {}
        kit.objects.put(f"health/live/{report.content_id}.json", encode(report))
        page = write_page(report, health.verdict, self._promise, objects=kit.objects)
        trained = standing_on(kit.ledger, "train", health.answering.artifact)
        above = {} if trained is None else trained.upstream
        above = {**above, "ingest": report.dataset, "train": health.answering.artifact}
        standing = Standing(OBSERVE.number, OBSERVE.name, report.content_id, above, health.verdict, LIVE, sequence=0)
        standing = record_verdict(kit.ledger, standing, as_of=self._as_of)
        if health.answering.is_serving:
            told = tell(
                report, self._promise.spec, verdict=health.verdict, alerter=kit.alerter, ledger=kit.ledger,
                as_of=self._as_of,
            )  # fmt: skip
            failed = dict(told.failed)
        return replace(health, standing=standing, page=page, failed=failed)

    def _health(self, who: Answering, answered: "Answered", now: datetime) -> Health:
        from sluiceway.observe.run import measured

        report = measured(
            self._standard(who), self._logged(who, answered, now), promise=self._promise, objects=self._kit.objects,
            progress=Silence(),
        )  # fmt: skip
        return Health(report, gate(report, self._promise, overrides(self._kit.ledger), self._kit.clock.now()), who)

    def _logged(self, who: Answering, answered: "Answered", now: datetime) -> "Logged":
        """A version that answers no more is watched as long as it did."""
        from sluiceway.observe.logged import Logged

        return Logged(
            scope=LIVE,
            version=who.version,
            requests=self._log.tables,
            outcomes=self._known(),
            key=self._label.each.keys,
            matures=parse_duration(self._label.matures),
            until=now if who.is_serving else answered.last + A_MOMENT,
            since=answered.first,
            known_by=self._as_of or now,
            thinned=self._log.one_in,
        )

    def _standard(self, who: Answering) -> "Standard":
        from sluiceway.observe.run import standard_of

        key = who.candidate.bundle.content_id, self._promise.content_id
        if key not in self._standards:
            self._standards[key] = standard_of(
                who.candidate, features_of(who, self._kit), promise=self._promise, tables=self._kit.tables,
                objects=self._kit.objects, progress=Silence(), within=self._within,
            )  # fmt: skip
        return self._standards[key]

    def _known(self) -> "pa.Table":
        dataset = recalled("ingest", self._kit)
        if not isinstance(dataset, DatasetVersion):
            raise MisuseError("the dataset is no longer in the store; make it again: sluiceway run --until ingest")
        if self._outcomes is None or self._outcomes[0] != dataset.content_id:
            known = known_outcomes(self._kit, dataset, self._label, as_of=self._as_of)
            self._outcomes = dataset.content_id, known
        return self._outcomes[1]

    def _promised(self) -> Promise:
        promise = recalled("spec", self._kit)
        if not isinstance(promise, Promise):
            raise MisuseError("the spec is no longer in the store; make it again: sluiceway run --until spec")
        return promise

    def _since(self, now: datetime) -> datetime:
        from sluiceway.observe.spans import rolling

        return rolling(self._promise.spec.observe.window, self._windows, now)

    def _bundle_of(self, version: str) -> ModelBundle | None:
        if version not in self._bundles:
            who = answering(version, self._kit)
            self._bundles[version] = None if who is None else who.candidate.bundle
        return self._bundles[version]


def alike(one: Health, other: Health) -> bool:
    """Whether two looks say the same: of every criterion, of the same windows, and of what to do."""
    return _gist(one) == _gist(other)


def _gist(health: Health) -> list[object]:
    report = health.report
    windows = [
        (window.began, sorted((each.severity, each.kind, each.subject) for each in window.alerts))
        for window in report.windows
    ]
    judged = {criterion.name: criterion.outcome for criterion in health.verdict.criteria}
    return [health.answering.is_serving, judged, windows, report.decision.retrain]


def _requests(table: "pa.Table") -> int:
    """Count requests: those with many rows by their first."""
    import pyarrow.compute as pc

    return int(pc.sum(pc.equal(table["row"], 0)).as_py() or 0)
