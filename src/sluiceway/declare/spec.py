"""The spec: the one-page promise as the user wrote it, parsed and whole."""

from dataclasses import dataclass
from math import sqrt

MINIMUM_SLICE_ROWS = 200
MINIMUM_SLICE_POSITIVES = 30
MONTH = "month"


@dataclass(frozen=True, slots=True)
class ProblemStatement:
    """What is to be decided, in words, and who answers for it."""

    name: str
    statement: str
    owner: str


@dataclass(frozen=True, slots=True)
class Target:
    """What is predicted. ``kind`` is ``binary``; ``positive`` is the label's value that counts as yes."""

    kind: str
    label: str
    positive: int | str | bool


@dataclass(frozen=True, slots=True)
class Costs:
    """What one mistake of each kind costs, in ``currency``; both above 0."""

    currency: str
    false_negative: float
    false_positive: float


@dataclass(frozen=True, slots=True)
class Metric:
    """The metric people are told: ``f_beta`` with ``beta`` ``None`` for "derive it from the costs", or ``cost``."""

    name: str
    beta: float | None = None


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """What the service promises: 99th percentile of latency, milliseconds; share of requests answered, 0 to 1."""

    latency_p99_ms: float
    success_rate: float


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Limits the gates judge by; each has the default that the criteria of the seven stages name."""

    slices: tuple[str, ...] = ()
    max_f1_drop: float = 0.05
    max_psi: float = 0.2
    max_class_share_change: float = 0.15
    drift_p_value: float = 0.01
    drift_practical_floor: float = 0.05
    strict_drift: bool = False
    max_restore_s: float = 3600.0
    max_retrieval_p99_ms: float = 50.0
    max_single_feature_auc: float = 0.9
    max_onnx_difference: float = 1e-5
    max_latency_ratio: float = 3.0
    min_canary_hours: float = 48.0
    minimum_slice_rows: int = MINIMUM_SLICE_ROWS
    minimum_slice_positives: int = MINIMUM_SLICE_POSITIVES
    require_licence: bool = False


@dataclass(frozen=True, slots=True)
class Rollout:
    """How a new model takes over: first a ``canary`` share of the entities (0 to 1), then each share of ``ramp``.

    Every step lasts at least ``hold``, and until the challenger was asked ``min_requests`` times in it. ``by`` names
    the request columns whose values decide who is on the canary; by default all entity columns.
    """

    canary: float = 0.05
    ramp: tuple[float, ...] = (0.25, 0.5, 1.0)
    hold: str = "48h"
    by: tuple[str, ...] = ()
    min_requests: int = 10

    @property
    def shares(self) -> tuple[float, ...]:
        """Every share in turn, the canary's first."""
        return (self.canary, *self.ramp)


@dataclass(frozen=True, slots=True)
class Monitoring:
    """How a served model is watched: in windows of ``window``, a calendar ``month`` (UTC) or a duration.

    ``seasonal`` names columns or views that move with the year: they alert only beyond what they did while the model
    learnt.
    """

    window: str = MONTH
    seasonal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spec:
    """The whole promise as written. ``sensitive`` names columns whose values no person and no log may see."""

    problem: ProblemStatement
    target: Target
    inputs: tuple[str, ...]
    costs: Costs
    metric: Metric
    sla: ServiceLevel
    acceptance: Acceptance = Acceptance()
    rollout: Rollout = Rollout()
    observe: Monitoring = Monitoring()
    sensitive: tuple[str, ...] = ()

    @property
    def beta(self) -> float:
        """How much more a miss weighs than a false alarm: beta = sqrt(C_FN / C_FP), unless the spec fixes it."""
        return self.metric.beta or sqrt(self.costs.false_negative / self.costs.false_positive)

    @property
    def threshold(self) -> float:
        """The calibrated probability above which acting is cheaper: t* = C_FP / (C_FP + C_FN).

        Reference: Elkan, "The Foundations of Cost-Sensitive Learning" (2001), equation 2.
        """
        return self.costs.false_positive / (self.costs.false_positive + self.costs.false_negative)
