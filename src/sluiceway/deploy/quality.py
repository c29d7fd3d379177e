"""Quality: challenger against champion, by what came of the requests that they answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sluiceway.artifacts.canary_report import Bounded, QualityEvidence
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.request_record import CHALLENGER, CHAMPION
from sluiceway.artifacts.rollout_state import Served
from sluiceway.declare.spec import Spec
from sluiceway.deploy.outcomes import OutcomeIndex, Outcomes
from sluiceway.plans.moments_sql import microseconds
from sluiceway.plans.request_log import FEATURE
from sluiceway.server.coverage import is_covered
from sluiceway.stats.classification import confusion
from sluiceway.stats.confidence_sequence import confidence_sequence, difference_of_means

if TYPE_CHECKING:
    import pyarrow as pa

Probabilities = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rival:
    """One side of a canary: who it is, its bundle, and its probabilities of many rows, as ``Predictor.many`` gives."""

    served: Served
    bundle: ModelBundle
    score: Callable[[Mapping[str, NDArray[Any]]], Probabilities]


class Quality:
    """The rows of a canary that have an outcome, each scored once, however often one looks.

    Where the champion's columns are all in what the challenger was given, both models score the challenger's rows, so
    that nothing but the models differs. Else each is judged by the answers that it gave to its own rows.
    """

    def __init__(self, champion: Rival, challenger: Rival, outcomes: Outcomes, spec: Spec) -> None:
        self.is_paired = is_covered(champion.bundle, challenger.bundle)
        self._is_lacking = bool(champion.bundle.contract.unlogged or challenger.bundle.contract.unlogged)
        self._rivals = {CHAMPION: champion, CHALLENGER: challenger}
        self._spec = spec
        self._index = OutcomeIndex(outcomes)
        self._seen = {CHAMPION: _Scored(), CHALLENGER: _Scored()}

    def take(self, table: "pa.Table") -> None:
        """Score what was answered, where an outcome will tell; ``table`` is of ``plans.request_log``."""
        import pyarrow.compute as pc

        answered = table.filter(pc.and_(pc.less(table["status"], 300), pc.invert(table["fallback"])))
        for arm, rival in self._rivals.items():
            if arm == CHAMPION and self.is_paired:
                continue
            rows = answered.filter(pc.equal(answered["arm"], arm))
            found = self._index.find(rows)
            if not found.rows.size:
                continue
            rows = rows.take(found.rows)
            ours = self._scored(rows, rival, "probability")
            theirs = np.full(ours.shape, np.nan)
            if self.is_paired:
                theirs = self._scored(rows, self._rivals[CHAMPION], "rival")
            self._seen[arm].add(found.labels, found.mature_us, ours, theirs)

    def _scored(self, rows: "pa.Table", rival: Rival, said: str) -> Probabilities:
        """Score rows; where the log leaves out what a model was given, take what it said of them then."""
        if self._is_lacking:
            return np.asarray(rows[said].to_numpy(), dtype=np.float64)
        return rival.score(feature_arrays(rows, rival.bundle))

    def evidence(self, at: datetime) -> QualityEvidence:
        """Compare on what had come out by a moment."""
        ours, theirs = (self._seen[arm].known(at) for arm in (CHALLENGER, CHAMPION))
        if self.is_paired:
            there = ~np.isnan(ours.theirs)
            mine, other = ours.side(ours.own, there), ours.side(ours.theirs, there)
            bounds = confidence_sequence(mine.losses - other.losses)
        else:
            mine, other = ours.side(ours.own), theirs.side(theirs.own)
            bounds = difference_of_means(mine.losses, other.losses)
        margin = None if other.log_loss is None else self._spec.acceptance.max_f1_drop * other.log_loss
        return QualityEvidence(
            rows=mine.truth.size,
            positives=int(mine.truth.sum()),
            champion_log_loss=other.log_loss,
            challenger_log_loss=mine.log_loss,
            champion_cost=self._cost(other, CHAMPION),
            challenger_cost=self._cost(mine, CHALLENGER),
            difference=Bounded(bounds.mean, bounds.low, bounds.high),
            margin=margin,
        )

    def _cost(self, side: "_Side", arm: str) -> float | None:
        if not side.truth.size:
            return None
        counts = confusion(side.truth, side.probability, threshold=self._rivals[arm].bundle.threshold)
        return counts.cost(
            false_negative=self._spec.costs.false_negative, false_positive=self._spec.costs.false_positive
        )


def feature_arrays(rows: "pa.Table", bundle: ModelBundle) -> dict[str, NDArray[Any]]:
    """Turn logged vectors into what ``Predictor.many`` takes: NaN and the empty text stand for missing."""
    made: dict[str, NDArray[Any]] = {}
    for column in bundle.columns:
        values = rows[FEATURE + column.name]
        if column.type == "text":
            made[column.name] = np.array(values.fill_null("").to_pylist(), dtype=object)
        else:
            made[column.name] = values.to_numpy().astype(np.float32)
    return made


class _Scored:
    """Rows with their outcome, when it counts (microseconds since the epoch), and the probabilities they were given."""

    def __init__(self) -> None:
        nothing = np.empty(0, np.int64)
        self._parts: list[tuple[NDArray[Any], ...]] = [(nothing, nothing, np.empty(0), np.empty(0))]

    def add(self, *columns: NDArray[Any]) -> None:
        self._parts.append(columns)

    def known(self, at: datetime) -> "_Known":
        """The rows whose outcome counts at a moment; those that got no probability of their own are left out."""
        self._parts = [tuple(np.concatenate(column) for column in zip(*self._parts, strict=True))]
        labels, mature, own, theirs = self._parts[0]
        known = (mature <= microseconds(at)) & ~np.isnan(own)
        return _Known(labels[known] == 1, own[known], theirs[known])


@dataclass(frozen=True, slots=True)
class _Side:
    """Outcomes, and one model's probabilities of them."""

    truth: NDArray[np.bool_]
    probability: Probabilities

    @property
    def losses(self) -> Probabilities:
        """Each row's log loss in nats; probabilities of 0 and 1 are held off by one float's width."""
        width = np.finfo(float).eps
        held = np.clip(self.probability, width, 1 - width)
        return np.asarray(-np.log(np.where(self.truth, held, 1 - held)))

    @property
    def log_loss(self) -> float | None:
        return float(self.losses.mean()) if self.truth.size else None


@dataclass(frozen=True, slots=True)
class _Known:
    truth: NDArray[np.bool_]
    own: Probabilities
    theirs: Probabilities

    def side(self, probability: Probabilities, there: NDArray[np.bool_] | slice = slice(None)) -> _Side:
        return _Side(self.truth[there], probability[there])
