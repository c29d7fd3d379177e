"""A canary: a challenger beside a champion, and what the log and the outcomes tell of both so far."""

from dataclasses import dataclass
from datetime import datetime

from sluiceway.artifacts.canary_report import CanaryReport, CanaryStep, Look
from sluiceway.artifacts.feature_set import FeatureColumn
from sluiceway.artifacts.promise import Promise
from sluiceway.artifacts.request_record import CHALLENGER, CHAMPION, RequestRecord
from sluiceway.artifacts.rollout_state import LIVE, RolloutState
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.deploy.evidence import ArmsGathered
from sluiceway.deploy.outcomes import Outcomes
from sluiceway.deploy.quality import Quality, Rival
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.readable_lines import ReadableLines
from sluiceway.ports.request_log import RequestLog
from sluiceway.server.arms import deciding

RUNNING, PROMOTED, ABORTED = "running", "promoted", "aborted"
PIECE_ROWS = 5_000
NOT_STORED = TableRef("requests", "", 0, ())


@dataclass(frozen=True, slots=True)
class Canary:
    """Who tries to take over from whom, on data of which dataset version, and by which promise both are judged."""

    dataset: str
    champion: Rival
    challenger: Rival
    outcomes: Outcomes
    promise: Promise

    @property
    def columns(self) -> tuple[FeatureColumn, ...]:
        """What either model takes, each column once."""
        both = (*self.challenger.bundle.columns, *self.champion.bundle.columns)
        return tuple({column.name: column for column in both}.values())

    @property
    def contract(self) -> ServingContract:
        """What a request holds; the views are left out, as judging does not look at them."""
        full = self.challenger.bundle.contract
        return ServingContract(full.inputs, full.key, (), full.request)

    def by(self, state: RolloutState) -> tuple[str, ...]:
        """The request columns whose values decide who is on the canary."""
        return deciding(state.by, self.champion.bundle.contract)


class CanaryWatch:
    """Reads a growing log once, and reports at any moment; a look costs what is new, not what there is.

    Args:
        canary: Who against whom.
        began: The state in which the challenger got its first share.
        log: What the servers write.
        after: A mark of the log; what lies before it is not read.
        beside: Why the champion is not the live one, if it is not.
    """

    def __init__(
        self, canary: Canary, began: RolloutState, log: RequestLog, *, after: str = "", beside: str = ""
    ) -> None:
        self._canary = canary
        self._beside = beside
        self._states = [began]
        self._log = log
        self._mark = after
        self._lines = ReadableLines()
        self._arms = ArmsGathered(began, canary.by(began))
        self._quality = Quality(canary.champion, canary.challenger, canary.outcomes, canary.promise.spec)
        self._looks: list[Look] = []

    def follow(self, state: RolloutState) -> None:
        """Take note of a further step of the same canary."""
        self._states.append(state)

    def look(self, at: datetime, *, known_by: datetime | None = None) -> CanaryReport:
        """Read what was logged since the last look, and report on the whole canary so far.

        ``known_by`` is the moment up to which outcomes are known, where that is another one.
        """
        self._read()
        challenger = self._arms.arm(CHALLENGER, self._canary.challenger.served.version)
        quality = self._quality.evidence(known_by or at)
        self._looks.append(Look(at, challenger.requests, challenger.success, quality.difference))
        return CanaryReport(
            scope=self._states[0].scope,
            dataset=self._canary.dataset,
            champion=self._canary.champion.served,
            challenger=self._canary.challenger.served,
            began=self._states[0].since,
            ended=at,
            until=at,
            ended_by=RUNNING,
            reason="",
            steps=self._steps(at),
            champion_arm=self._arms.arm(CHAMPION, self._canary.champion.served.version),
            challenger_arm=challenger,
            quality=quality,
            split=self._arms.split(self._states),
            skew=None,
            requests=NOT_STORED,
            looks=tuple(self._looks),
            unread=self._lines.unread,
            traffic=self._arms.traffic() if self._states[0].scope == LIVE else None,
            beside=self._beside,
        )

    def _read(self) -> None:
        """Take in what is new, in pieces that fit into memory; what came before the canary is not even made a row."""
        waiting: list[RequestRecord] = []
        for mark, chunk in self._log.read(after=self._mark):
            self._mark = mark
            waiting += (each for each in self._lines.records(mark, chunk) if belongs(each, self._states[0]))
            if len(waiting) >= PIECE_ROWS:
                self._take(waiting)
                waiting = []
        self._take(waiting)

    def _take(self, records: list[RequestRecord]) -> None:
        table = self._lines.table(records, contract=self._canary.contract, columns=self._canary.columns)
        self._arms.take(table)
        self._quality.take(table)

    def _steps(self, at: datetime) -> tuple[CanaryStep, ...]:
        ends = [*(state.since for state in self._states[1:]), at]
        return tuple(self._arms.step(state, end) for state, end in zip(self._states, ends, strict=True))


def belongs(record: RequestRecord, began: RolloutState) -> bool:
    """Whether a record is of this canary: answered by its first state or a later one, and not before it began.

    The moment counts besides the sequence, as a ledger that is made anew counts its states from the beginning again.
    What failed before it had an arm has no state. A live request may be answered as of another time than it came.
    """
    moment = record.arrival if began.scope == LIVE else record.at
    return moment >= microseconds(began.since) and (not record.arm or record.sequence >= began.sequence)
