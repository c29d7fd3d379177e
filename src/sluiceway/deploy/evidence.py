"""Evidence: how each arm of a canary did, gathered from the request log as it grows."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.canary_report import ArmEvidence, Bounded, CanaryStep, SplitEvidence, TrafficSpan
from sluiceway.artifacts.request_record import CHALLENGER, CHAMPION
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.plans.moments_sql import moment_of
from sluiceway.plans.request_log import INPUT, KEY
from sluiceway.stats.binomial_bounds import binomial_bounds
from sluiceway.stats.quantile_bounds import CONFIDENCE, quantile_bounds
from sluiceway.stats.quantile_sequence import quantile_sequence
from sluiceway.stats.sample_ratio import sample_ratio_p_value
from sluiceway.stats.share_sequence import share_sequence

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
        began: The canary's first state.
        by: The request columns whose values decide the arm.
    """

    def __init__(self, began: RolloutState, by: Sequence[str]) -> None:
        self._sequence = began.sequence
        self._by = tuple(by)
        self._arms = {CHAMPION: _Arm(), CHALLENGER: _Arm()}
        self._all = _Tally()
        self._numbers = _Numbers()
        self._entities: dict[int, dict[object, set[str]]] = defaultdict(dict)

    def take(self, table: "pa.Table") -> None:
        """Count further rows, all of this canary; ``table`` is of ``plans.request_log``."""
        if not table.num_rows:
            return
        rows = _Rows.of(table, self._numbers.of(table))
        on = {name: rows.arm == name for name in self._arms}
        answered = on[CHAMPION] | on[CHALLENGER]
        lost = (rows.arm == "") & (rows.status >= SERVER_ERROR)
        sequence = np.where(lost, max(self._all.requests, default=self._sequence), rows.sequence)
        for name, arm in self._arms.items():
            arm.add(rows, rows.requests(on[name] | lost), sequence)
        self._all.add(rows, rows.requests(answered | lost), sequence)
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
        canary = self._arms[CHALLENGER].tally
        here = state.sequence
        return CanaryStep(
            state.share, state.since, ended, self._all.requests[here], canary.requests[here], canary.failures[here]
        )

    def split(self, states: Sequence[RolloutState]) -> SplitEvidence:
        """Test whether the challenger got its share of the entities, in the step where that is least believable.

        The p-value holds at every look at once. How many steps are to come nobody knows, so that of the k-th counts
        k (k + 1) times: all together they accuse an honest split as rarely as one would. An entity seen on both sides
        in one step is a fault that no chance explains.
        """
        tested = [
            _split(self._entities[state.sequence], state.share, paid=place * (place + 1))
            for place, state in enumerate(states, start=1)
        ]
        told = [each for each in tested if each.p_value is not None]
        if not told:
            return SplitEvidence(0, 0, states[-1].share if states else 0.0, None)
        return min(told, key=lambda each: each.p_value or 0.0)


class _Numbers:
    """Numbers the requests of a log, also one whose rows are read in several parts.

    A request's rows are logged one after the other, in their order. Its id may be its caller's, who may give the same
    one again: so another request begins where the id is another one, and also where the row does not grow.
    """

    def __init__(self) -> None:
        self._number = -1
        self._last = ("", 0)

    def of(self, table: "pa.Table") -> NDArray[np.int64]:
        """Return the number of each row's request."""
        row = np.asarray(table["row"].to_numpy(), dtype=np.int64)
        new = np.append(True, row[1:] <= row[:-1])
        first, last = table["request_id"][0].as_py(), table["request_id"][-1].as_py()
        new[0] = self._number < 0 or (first, row[0] > self._last[1]) != (self._last[0], True)
        if row.any():
            names = np.asarray(table["request_id"].to_numpy(), dtype=object)
            new[1:] |= names[1:] != names[:-1]
        numbers = self._number + np.cumsum(new)
        self._number, self._last = int(numbers[-1]), (last, int(row[-1]))
        return numbers


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
    arrival_us: NDArray[np.int64]
    latency_us: NDArray[np.int64]
    work_us: NDArray[np.int64]
    request: NDArray[np.int64]
    failed: NDArray[np.bool_]
    error: NDArray[np.object_]

    @classmethod
    def of(cls, table: "pa.Table", request: NDArray[np.int64]) -> "_Rows":
        def column(name: str, kind: type) -> NDArray[Any]:
            return np.asarray(table[name].to_numpy(), dtype=kind)

        status = column("status", np.int64)
        return cls(
            arm=column("arm", object),
            sequence=column("sequence", np.int64),
            status=status,
            arrival_us=np.asarray(table["arrival"].cast("int64").to_numpy()),
            latency_us=column("latency_us", np.int64),
            work_us=column("work_us", np.int64),
            request=request,
            failed=(status >= SERVER_ERROR) | column("fallback", np.bool_),
            error=column("error", object),
        )

    def requests(self, mask: NDArray[np.bool_]) -> _Requests:
        """Group chosen rows by their request."""
        rows = np.flatnonzero(mask)
        return _Requests(rows, np.flatnonzero(np.diff(self.request[rows], prepend=-1)))


class _Tally:
    """Requests, and how many of them failed, by the rollout's sequence number; each counts once, with all its rows."""

    def __init__(self) -> None:
        self.requests: Counter[int] = Counter()
        self.failures: Counter[int] = Counter()
        self._last, self._last_failed = -1, False

    def add(self, rows: _Rows, requests: _Requests, sequence: NDArray[np.int64]) -> NDArray[np.int64]:
        """Count further rows, and return where requests begin that were not counted before."""
        heads = requests.heads
        if not heads.size:
            return heads
        failed = np.logical_or.reduceat(rows.failed[requests.rows], requests.starts)
        again = int(rows.request[heads[0]] == self._last)  # its first rows were read earlier
        if again:
            late = bool(failed[0]) and not self._last_failed
            self.failures[int(sequence[heads[0]])] += late
            failed[0] |= self._last_failed
        self._last, self._last_failed = int(rows.request[heads[-1]]), bool(failed[-1])
        heads, failed = heads[again:], failed[again:]
        self.requests.update(sequence[heads].tolist())
        self.failures.update(sequence[heads][failed].tolist())
        return heads


class _Arm:
    """What one arm did."""

    def __init__(self) -> None:
        self.tally = _Tally()
        self._errors: Counter[str] = Counter()
        self._times_us: list[NDArray[np.int64]] = []  # latency and work, shape (2, requests)
        self._arrivals_us: list[NDArray[np.int64]] = []

    def add(self, rows: _Rows, requests: _Requests, sequence: NDArray[np.int64]) -> None:
        heads = self.tally.add(rows, requests, sequence)
        answered = heads[rows.status[heads] < SERVER_ERROR]
        self._times_us.append(np.stack([rows.latency_us[answered], rows.work_us[answered]]))
        self._arrivals_us.append(rows.arrival_us[heads])
        self._errors.update(rows.error[requests.rows[rows.failed[requests.rows]]].tolist())

    def span(self) -> TrafficSpan | None:
        arrivals_us = np.sort(np.concatenate([np.empty(0, np.int64), *self._arrivals_us]))
        self._arrivals_us = [arrivals_us]
        if not arrivals_us.size:
            return None
        silence_us = int(np.diff(arrivals_us).max(initial=0))
        return TrafficSpan(moment_of(int(arrivals_us[0])), moment_of(int(arrivals_us[-1])), silence_us / US_PER_S)

    def evidence(self, version: str) -> ArmEvidence:
        requests, failures = self.tally.requests.total(), self.tally.failures.total()
        self._times_us = [np.concatenate([np.empty((2, 0), np.int64), *self._times_us], axis=1)]
        latency_us, work_us = self._times_us[0]
        return ArmEvidence(
            version,
            requests,
            failures,
            tuple(f"{text[:LONGEST_ERROR]} ({count:,})" for text, count in self._errors.most_common(NAMED_ERRORS)),
            answered_share(requests - failures, requests),
            median_bounds(work_us),
            p99_bounds(latency_us),
        )


def answered_share(successes: int, trials: int) -> Bounded:
    """Bound a share: from below as it is certified, at one look; from above as it is refuted, at all looks."""
    once = binomial_bounds(successes=successes, trials=trials)
    always = share_sequence(successes=successes, trials=trials)
    if once is None or always is None:
        return Bounded(None, None, None)
    return Bounded(once.share, once.low, always.high)


def median_bounds(work_us: NDArray[np.int64]) -> Bounded:
    """Bound a median at all looks, and so surely that what two of them say of their ratio holds with 95 %."""
    bounds = quantile_sequence(work_us, 0.5, confidence=1 - (1 - CONFIDENCE) / 2)
    return _milliseconds(bounds.value, bounds.low, bounds.high)


def p99_bounds(latency_us: NDArray[np.int64]) -> Bounded:
    """Bound the 99th percentile: from above as it is certified, at one look; from below as it is refuted."""
    once, always = quantile_bounds(latency_us, 0.99), quantile_sequence(latency_us, 0.99)
    return _milliseconds(once.value, always.low, once.high)


def _milliseconds(*times_us: float | None) -> Bounded:
    return Bounded(*(None if each is None else each / US_PER_MS for each in times_us))


def _split(entities: dict[object, set[str]], share: float, *, paid: int) -> SplitEvidence:
    chosen = sum(CHALLENGER in sides for sides in entities.values())
    torn = any(len(sides) > 1 for sides in entities.values())
    p_value = sample_ratio_p_value(entities=len(entities), chosen=chosen, share=share)
    if p_value is not None:
        p_value = 0.0 if torn else min(paid * p_value, 1.0)
    return SplitEvidence(len(entities), chosen, share, p_value)


def _column(table: "pa.Table", name: str) -> str:
    return next(prefix + name for prefix in (INPUT, KEY) if prefix + name in table.column_names)
