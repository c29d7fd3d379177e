"""Evidence: how each arm of a canary did, gathered from the request log as it grows."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.canary_report import ArmEvidence, Bounded, CanaryStep, SplitEvidence, TrafficSpan
from sluiceway.artifacts.request_record import CHALLENGER, CHAMPION
from sluiceway.artifacts.rollout_state import LIVE, RolloutState
from sluiceway.plans.moments_sql import microseconds, moment_of
from sluiceway.plans.request_log import INPUT, KEY
from sluiceway.stats.binomial_bounds import binomial_bounds
from sluiceway.stats.quantile_bounds import quantile_bounds
from sluiceway.stats.sample_ratio import sample_ratio_p_value

if TYPE_CHECKING:
    import pyarrow as pa

SERVER_ERROR = 500
NAMED_ERRORS = 5
LONGEST_ERROR = 120
US_PER_MS = 1000.0
US_PER_S = 1e6


class ArmsGathered:
    """Requests of a canary by arm and by step, each counted once, however many rows it had.

    A request fails for an arm when the server could not answer it, or when the champion had to step in for the
    challenger. What failed before it had an arm counts against both. Refused requests are their callers' failures.

    Args:
        began: The canary's first state; what was answered by an earlier one is left out.
        by: The request columns whose values decide the arm.
    """

    def __init__(self, began: RolloutState, by: Sequence[str]) -> None:
        self._sequence = began.sequence
        self._since_us = microseconds(began.since)
        self._moment = "arrival" if began.scope == LIVE else "at"  # a live request may be answered as of another time
        self._by = tuple(by)
        self._arms = {CHAMPION: _Arm(), CHALLENGER: _Arm()}
        self._requests: Counter[int] = Counter()
        self._entities: dict[int, dict[object, set[str]]] = defaultdict(dict)

    def take(self, table: "pa.Table") -> None:
        """Count further lines of the log; ``table`` is of ``plans.request_log``."""
        if not table.num_rows:
            return
        rows = _Rows.of(table, moment=self._moment)
        on = {name: (rows.arm == name) & (rows.sequence >= self._sequence) for name in self._arms}
        answered = on[CHAMPION] | on[CHALLENGER]
        lost = (rows.arm == "") & (rows.status >= SERVER_ERROR) & (rows.at_us >= self._since_us)
        sequence = np.where(lost, max(self._requests, default=self._sequence), rows.sequence)
        for name, arm in self._arms.items():
            arm.add(rows, rows.requests(on[name] | lost), sequence)
        heads = rows.requests(answered | lost).heads
        self._requests.update(sequence[heads].tolist())
        self._place(table, rows, np.flatnonzero(answered))

    def _place(self, table: "pa.Table", rows: "_Rows", places: NDArray[np.int64]) -> None:
        """Remember on which side each entity was, in each step."""
        if not self._by:
            return
        found = table.take(places)
        columns = [found[_column(found, name)].to_pylist() for name in self._by]
        sides = zip(rows.sequence[places].tolist(), rows.arm[places].tolist(), zip(*columns, strict=True), strict=True)
        for sequence, arm, entity in sides:
            self._entities[sequence].setdefault(entity, set()).add(arm)

    def arm(self, name: str, version: str) -> ArmEvidence:
        """Tell how one arm did so far."""
        return self._arms[name].evidence(version)

    def traffic(self) -> TrafficSpan | None:
        """Tell when the challenger's requests arrived; nothing before there were any."""
        return self._arms[CHALLENGER].span()

    def step(self, state: RolloutState, ended: datetime) -> CanaryStep:
        """Tell what happened in one state of the rollout."""
        canary = self._arms[CHALLENGER]
        here = state.sequence
        return CanaryStep(
            state.share, state.since, ended, self._requests[here], canary.requests[here], canary.failures[here]
        )

    def split(self, states: Sequence[RolloutState]) -> SplitEvidence:
        """Test whether the challenger got its share of the entities, in the step where that is least believable.

        The p-value is that step's, times the number of steps. An entity seen on both sides in one step is a fault that
        no chance explains.
        """
        tested = [_split(self._entities[state.sequence], state.share) for state in states]
        told = [each for each in tested if each.p_value is not None]
        if not told:
            return SplitEvidence(0, 0, states[-1].share if states else 0.0, None)
        worst = min(told, key=lambda each: each.p_value or 0.0)
        corrected = min((worst.p_value or 0.0) * len(told), 1.0)
        return SplitEvidence(worst.entities, worst.on_challenger, worst.expected, corrected)


class _Requests(NamedTuple):
    """Rows of one arm, and where among all rows each of their requests begins."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]

    @property
    def heads(self) -> NDArray[np.int64]:
        return self.rows[self.starts]


class _Rows(NamedTuple):
    """What counting takes of each line."""

    arm: NDArray[np.object_]
    sequence: NDArray[np.int64]
    status: NDArray[np.int64]
    at_us: NDArray[np.int64]
    latency_us: NDArray[np.int64]
    failed: NDArray[np.bool_]
    error: NDArray[np.object_]
    request: NDArray[np.object_] | None

    @classmethod
    def of(cls, table: "pa.Table", *, moment: str) -> "_Rows":
        import pyarrow as pa

        def column(name: str, kind: type) -> NDArray[Any]:
            return np.asarray(table[name].to_numpy(), dtype=kind)

        status = column("status", np.int64)
        together = column("rows", np.int64).max() > 1
        return cls(
            arm=column("arm", object),
            sequence=column("sequence", np.int64),
            status=status,
            at_us=np.asarray(table[moment].cast(pa.int64()).to_numpy()),
            latency_us=column("latency_us", np.int64),
            failed=(status >= SERVER_ERROR) | column("fallback", np.bool_),
            error=column("error", object),
            request=column("request_id", object) if together else None,
        )

    def requests(self, mask: NDArray[np.bool_]) -> _Requests:
        """Group chosen rows by their request; the rows of a request are logged one after the other."""
        rows = np.flatnonzero(mask)
        if self.request is None or not rows.size:
            return _Requests(rows, np.arange(rows.size))
        names = self.request[rows]
        new = np.append([True], names[1:] != names[:-1])
        return _Requests(rows, np.flatnonzero(new))


class _Arm:
    """Counts of one arm, by the rollout's sequence number."""

    def __init__(self) -> None:
        self.requests: Counter[int] = Counter()
        self.failures: Counter[int] = Counter()
        self._errors: Counter[str] = Counter()
        self._latency_us: list[NDArray[np.int64]] = []
        self._at_us: list[NDArray[np.int64]] = []

    def add(self, rows: _Rows, requests: _Requests, sequence: NDArray[np.int64]) -> None:
        if not requests.rows.size:
            return
        heads = requests.heads
        failed = np.logical_or.reduceat(rows.failed[requests.rows], requests.starts)
        self.requests.update(sequence[heads].tolist())
        self.failures.update(sequence[heads][failed].tolist())
        self._at_us.append(rows.at_us[heads])
        self._latency_us.append(rows.latency_us[heads[rows.status[heads] < SERVER_ERROR]])
        self._errors.update(rows.error[requests.rows[rows.failed[requests.rows]]].tolist())

    def span(self) -> TrafficSpan | None:
        if not self._at_us:
            return None
        self._at_us = [np.sort(np.concatenate(self._at_us))]
        at = self._at_us[0]
        silence_us = int(np.diff(at).max(initial=0))
        return TrafficSpan(moment_of(int(at[0])), moment_of(int(at[-1])), silence_us / US_PER_S)

    def evidence(self, version: str) -> ArmEvidence:
        requests, failures = self.requests.total(), self.failures.total()
        share = binomial_bounds(successes=requests - failures, trials=requests)
        self._latency_us = [np.concatenate(self._latency_us)] if self._latency_us else []
        latency = self._latency_us[0] if self._latency_us else np.empty(0, np.int64)
        return ArmEvidence(
            version,
            requests,
            failures,
            tuple(f"{text[:LONGEST_ERROR]} ({count:,})" for text, count in self._errors.most_common(NAMED_ERRORS)),
            Bounded(None, None, None) if share is None else Bounded(share.share, share.low, share.high),
            _milliseconds(latency, 0.5),
            _milliseconds(latency, 0.99),
        )


def _milliseconds(latency_us: NDArray[np.int64], quantile: float) -> Bounded:
    bounds = quantile_bounds(latency_us, quantile)
    value, low, high = (None if each is None else each / US_PER_MS for each in (bounds.value, bounds.low, bounds.high))
    return Bounded(value, low, high)


def _split(entities: dict[object, set[str]], share: float) -> SplitEvidence:
    chosen = sum(CHALLENGER in sides for sides in entities.values())
    torn = any(len(sides) > 1 for sides in entities.values())
    p_value = sample_ratio_p_value(entities=len(entities), chosen=chosen, share=share)
    return SplitEvidence(len(entities), chosen, share, 0.0 if torn else p_value)


def _column(table: "pa.Table", name: str) -> str:
    return next(prefix + name for prefix in (INPUT, KEY) if prefix + name in table.column_names)
