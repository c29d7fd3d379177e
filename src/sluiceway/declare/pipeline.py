"""The pipeline: one label, the views that may foresee it, and the model that learns to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sluiceway.core.moments import parse_moment
from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.names import refuse, require_name
from sluiceway.declare.request_view import RequestView
from sluiceway.declare.source import Source, window
from sluiceway.declare.written_at import WrittenAt, written_here

ModelFactory = Callable[[Any], Any]
LEAST_ROWS, LEAST_FOLDS = 200, 2


@dataclass(frozen=True, slots=True)
class Label:
    """What came of each row of ``each``, told later by ``source``.

    ``expression`` is a condition over the columns of ``source``, joined to ``each`` by the key that the two share.
    The prediction is made at ``at``, an expression over ``each``. ``matures`` is how long after ``at`` the outcome is
    certain to be known; younger rows are not trained on. Rows of ``each`` without an outcome are counted and left out.

    Raises:
        DeclarationError: the sources have no key in common, or an expression cannot be.
    """

    name: str
    source: Source
    expression: str
    each: Source
    at: str
    matures: str
    written_at: WrittenAt | None = field(default_factory=written_here, compare=False, repr=False)

    def __post_init__(self) -> None:
        require_name("label", self.name)
        window(self.matures, owner=f"label {self.name!r}, matures")
        parse_expression(self.expression)
        parse_expression(self.at)
        if not self.source.keys or self.source.keys != self.each.keys:
            raise refuse(
                f"label {self.name!r}: sources {self.source.name!r} and {self.each.name!r} must have the same key; "
                f"they have {self.source.keys} and {self.each.keys}"
            )
        if self.source.is_timeless:
            raise refuse(f"label {self.name!r}: source {self.source.name!r} has no event_time; say when it is known")

    @property
    def condition(self) -> Expression:
        """The parsed condition."""
        return parse_expression(self.expression)

    @property
    def moment(self) -> Expression:
        """The parsed prediction time."""
        return parse_expression(self.at)


@dataclass(frozen=True, slots=True)
class Search:
    """How long to look for good hyperparameters.

    ``trials`` of the model factory, each scored by log loss in ``folds`` expanding time-ordered folds over the most
    recent ``rows`` training rows.
    """

    trials: int = 20
    rows: int = 50_000
    folds: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        numbers = {name: getattr(self, name) for name in ("trials", "rows", "folds", "seed")}
        wrong = [f"{name}={value!r}" for name, value in numbers.items() if not isinstance(value, int)]
        if wrong:
            raise refuse(f"Search: {', '.join(wrong)} must be a whole number")
        if self.trials < 1 or self.rows < LEAST_ROWS or self.folds < LEAST_FOLDS:
            raise refuse(f"Search: trials >= 1, rows >= 200 and folds >= 2 must hold, got {self}")


@dataclass(frozen=True, slots=True)
class Split:
    """Where training ends and the holdout begins, in prediction time.

    ``holdout`` is a share of the labelled time span (0 to 1), a duration such as ``61d`` counted back from the last
    usable prediction time, or an ISO date at which the holdout starts. ``gap`` is how long before the holdout training
    stops; by default the label's ``matures``, so that every training label was known when the holdout began.
    """

    holdout: float | str = 0.2
    gap: str | None = None

    def __post_init__(self) -> None:
        if self.gap is not None:
            window(self.gap, owner="Split, gap")
        if isinstance(self.holdout, float | int):
            if not 0 < self.holdout < 1:
                raise refuse(f"Split: a holdout share lies between 0 and 1, got {self.holdout}")
        elif self.holdout_start is None:
            window(self.holdout, owner="Split, holdout")

    @property
    def holdout_start(self) -> datetime | None:
        """The holdout's first moment, when it was given as a date."""
        try:
            return parse_moment(self.holdout) if isinstance(self.holdout, str) else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages 2 to 5, declared. Nothing runs until ``sluiceway run``.

    ``model`` takes an Optuna trial and returns an unfitted scikit-learn estimator with ``predict_proba`` that exports
    to ONNX; ``baseline`` likewise, without a trial, and defaults to logistic regression on the same features.

    Raises:
        DeclarationError: two views, features or sources share a name.
    """

    spec: str
    views: Sequence[FeatureView | RequestView]
    label: Label
    model: ModelFactory
    search: Search = field(default_factory=Search)
    split: Split = field(default_factory=Split)
    baseline: Callable[[], Any] | None = None
    sources: Sequence[Source] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "views", tuple(self.views))
        object.__setattr__(self, "sources", tuple(self.sources))
        names = [view.name for view in self.feature_views] + [name for view in self.views for name in view.columns]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise refuse(f"pipeline: the names {', '.join(repeated)} are given twice")

    @property
    def feature_views(self) -> tuple[FeatureView, ...]:
        """The views that look an entity up."""
        return tuple(view for view in self.views if isinstance(view, FeatureView))

    @property
    def may_be_behind(self) -> dict[str, timedelta | None]:
        """How far behind a request each view may be when it is served; ``None`` where nothing says."""
        return {view.name: view.may_be_behind for view in self.feature_views}

    @property
    def request_columns(self) -> dict[str, Expression]:
        """Every request-time feature with its expression."""
        found: dict[str, Expression] = {}
        for view in self.views:
            if isinstance(view, RequestView):
                found |= view.parsed()
        return found
