"""Stage 7's artifact: how a served model fares, window by window, and whether its alarms work."""

from dataclasses import dataclass, field
from datetime import datetime

from sluiceway.artifacts.canary_report import SkewEvidence
from sluiceway.core.digest import digest_of

WARNING, ALERT = "warning", "alert"
# What an alert is of.
DATA_DRIFT, PREDICTION_DRIFT = "data_drift", "prediction_drift"
PERFORMANCE, COST, LATENCY, ERRORS = "performance", "cost", "latency", "errors"
STALENESS, COVERAGE = "staleness", "coverage"
VALIDATION = "validation"
# What is found of a column.
STABLE, NEGLIGIBLE, MOVED = "stable", "negligible", "moved"
SEASONAL, DRIFT, INCONCLUSIVE = "seasonal", "drift", "inconclusive"
# What is found of a view: how fresh it was served, and whether its values were there.
FRESH, STALE, UNLIMITED, FULL, FELL = "fresh", "stale", "unlimited", "full", "fell"
# What a drill plants: nothing, faults of a column, of the predictions, of the outcomes, of the service, of a view.
CONTROL, SHIFT, LOSS, UNIT, RENAMING = "control", "shift", "loss", "unit", "renaming"
PREDICTIONS, WRONG, INVERTED, FAILING, SLOW = "predictions", "wrong answers", "inverted outcomes", "failing", "slow"
AGEING, EMPTYING = "stale view", "lost entities"
FAULTS = (
    CONTROL, SHIFT, LOSS, UNIT, RENAMING, PREDICTIONS, WRONG, INVERTED, FAILING, SLOW, AGEING, EMPTYING,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """One column in one window against the reference.

    ``psi`` in nats with its ``noise_floor``; ``test`` is ``ks`` or ``chi2`` with its effect (D or Cramer's V, 0 to 1)
    and its p-value, ``p_adjusted`` over all columns; ``js`` the Jensen-Shannon distance, base 2, 0 to 1. ``limit`` is
    the PSI above which it is drift: the spec's, or for a seasonal column the most it moved while the model learnt.
    ``verdict`` is ``stable``, ``negligible`` (significant, too small to matter), ``moved`` (significant, below the
    limit), ``seasonal``, ``drift`` or ``inconclusive``. ``then`` and ``now`` say in words what moved.
    """

    column: str
    psi: float | None
    noise_floor: float | None
    limit: float
    test: str
    effect: float | None
    p_adjusted: float | None
    js: float | None
    missing: float
    reference_missing: float
    verdict: str
    then: str = ""
    now: str = ""
    since: datetime | None = None
    p_value: float | None = None

    @property
    def is_far(self) -> bool:
        """Whether its PSI is beyond its limit, and beyond chance."""
        return self.psi is not None and self.psi > max(self.limit, self.noise_floor or 0.0)


@dataclass(frozen=True, slots=True)
class Interval:
    """A relative change against the reference with its one-sided 95 % bounds, from resampled days."""

    change: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Performance:
    """Matured outcomes of one window: F1 and cost per row (spec's currency) beside the declared baseline's.

    ``extra_cost`` is what the window cost above the baseline's rate, in total. ``matured`` is the share of the
    window's rows whose outcome is known.
    """

    rows: int
    matured: float
    positives: int
    f1: float | None
    reference_f1: float
    f1_change: Interval
    cost: float | None
    reference_cost: float
    cost_change: Interval
    extra_cost: float | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests of one window, how many failed, and latency percentiles in milliseconds."""

    requests: int
    failures: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class ViewHealth:
    """How one view was served in one window; shares from 0 to 1, of the rows that the watched version answered.

    A row is ``stale`` where nothing was known of the view, whoever's value it was, that is newer than ``within_s``
    seconds before the row's moment; ``behind_s`` is what one row in 20 exceeds. ``None``: there is no limit, or nothing
    was read. Of ``unread`` rows the store had no value. ``column`` is that of whose values, and ``any value`` that of
    whose rows, the share that is ``missing`` rose most above the ``usual`` one, with its p-value over all views.
    ``freshness`` is ``fresh``, ``stale``, ``unlimited`` or ``inconclusive``, ``coverage`` is ``full``, ``fell`` or
    ``inconclusive``.
    """

    view: str
    within_s: float | None
    stale: float | None
    behind_s: float | None
    unread: float | None
    column: str
    missing: float
    usual: float
    p_adjusted: float | None
    freshness: str
    coverage: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that somebody should know: ``severity`` is ``warning`` (recorded) or ``alert`` (also sent).

    ``kind`` is data_drift, prediction_drift, performance, cost, latency, errors, staleness or coverage; ``subject`` the
    column, the measure or the view.
    Of a dataset that stage 3 holds back, ``kind`` is validation and ``subject`` the check.
    """

    severity: str
    kind: str
    subject: str
    message: str
    measured: float | None
    limit: float | None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """One window of time (UTC, virtual in a rehearsal) with all that was measured in it.

    One that goes on is not ``is_over``. One ``is_early`` of which too few days were watched to stand for the whole: in
    it drift, F1 and cost only warn, and nothing is decided. One that ``is_reference`` holds mostly the very rows that
    it is compared with, asked again by the canary: it is shown, and says nothing new.
    """

    began: datetime
    ended: datetime
    traffic: Traffic
    drift: tuple[FeatureDrift, ...]
    prediction: FeatureDrift | None
    performance: Performance | None
    alerts: tuple[Alert, ...]
    is_over: bool = True
    is_early: bool = False
    is_reference: bool = False
    views: tuple[ViewHealth, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing had to be sent."""
        return all(alert.severity != ALERT for alert in self.alerts)


@dataclass(frozen=True, slots=True)
class Drill:
    """One planted fault: what was done to which column, what had to be said, what was. The control expects nothing.

    ``fault`` is one of ``FAULTS``. One that no column could show was not planted: ``not_applicable`` says why.
    """

    name: str
    column: str
    expected: str
    fired: tuple[str, ...]
    behaved: bool
    detail: str = ""
    fault: str = ""
    not_applicable: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was new: rows that the watched version answered after the reference; live, all of them.

    Of ``due`` ones the outcome should be known by now, of ``matured`` ones it is.
    """

    rows: int
    due: int
    matured: int


@dataclass(frozen=True, slots=True)
class RetrainDecision:
    """Whether to train again, and why in words."""

    retrain: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The health of one served version. ``scope`` is ``rehearsal`` or ``live``; ``json`` the details' object key.

    ``skew`` is the proof that a rehearsal's logged features are those computed offline; live, there is none.
    ``seen`` counts the new rows that this very version answered: requests are counted whoever answered.
    """

    scope: str
    dataset: str
    version: str
    bundle: str
    began: datetime
    ended: datetime
    reference: str
    windows: tuple[Window, ...]
    drills: tuple[Drill, ...]
    decision: RetrainDecision
    json: str = ""
    details: dict[str, str] = field(default_factory=dict)
    skew: SkewEvidence | None = None
    seen: Seen | None = None

    @property
    def content_id(self) -> str:
        """Identify what was observed; never how fast it was."""
        watched = [
            (w.began, w.ended, w.is_over, w.is_early, w.is_reference, w.drift, w.prediction, w.performance)
            for w in self.windows
        ]
        views = [w.views for w in self.windows]
        meaning = [self.scope, self.dataset, self.bundle, self.reference]
        served = [views] if any(views) else []
        return digest_of(["health", *meaning, watched, self.drills, self.decision, self.skew, self.seen, *served])
