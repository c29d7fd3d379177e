"""Stage 3's artifact: everything that was measured about the data, undecided."""

from dataclasses import dataclass
from datetime import datetime

from sluiceway.artifacts.data_origin import DataOrigin
from sluiceway.core.digest import digest_of


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """Layer A: the share of rows, 0 to 1, that keep a rule, and the share that must.

    ``rows`` counts those that a rule could judge: a rule about values leaves out rows without one.
    For a rule about a mean, ``measured`` is the mean and must lie in ``[low, high]``.
    ``examples`` shows a few values that break the rule. ``note`` says why nothing could be measured.
    """

    source: str
    name: str
    column: str
    measured: float | None
    at_least: float
    rows: int
    broken: int
    low: float | None = None
    high: float | None = None
    examples: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class FreshnessCheck:
    """Layer A: the newest known time of a source (UTC), and how old that may be, in seconds.

    With a ``partition``, a column of times, it is the beginning of the newest partition; ``expected`` counts those from
    the first to the newest, one each ``every_s`` seconds, ``missing`` those without a row, and ``gaps`` names the first
    of these.
    """

    source: str
    newest: datetime | None
    within_s: float
    partition: str = ""
    every_s: float | None = None
    expected: int = 0
    missing: int = 0
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """Layer B: one column against the reference version.

    ``test`` is ``ks`` (effect: the statistic D, 0 to 1), ``chi2`` (effect: Cramer's V, 0 to 1), or ``none`` for a
    column that is passed over on purpose. ``p_adjusted`` is the p-value after Benjamini-Hochberg over all columns of
    the report. All ``None``: there was no reference (``reference_rows`` is 0), or too few rows, as ``note`` says.
    """

    source: str
    column: str
    test: str
    effect: float | None
    p_value: float | None
    p_adjusted: float | None
    reference_rows: int
    rows: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class ClassShareCheck:
    """Layer C: the positive class's share now and in the reference, each 0 to 1.

    ``relative_change`` is ``|now - then| / then``; ``low`` and ``high`` are its 95 % interval's bounds.
    ``condition`` is what makes a row positive, as it was written.
    """

    label: str
    share: float | None
    reference_share: float | None
    relative_change: float | None
    low: float | None
    high: float | None
    rows: int
    reference_rows: int
    condition: str = ""


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """Layers A, B and C over one dataset version. ``json`` is the object key of the report with its histograms.

    ``origins`` says where the data come from, and is no part of what was measured.
    """

    dataset: str
    reference: str | None
    as_of: datetime | None
    rules: tuple[RuleCheck, ...]
    freshness: tuple[FreshnessCheck, ...]
    drift: tuple[DriftCheck, ...]
    class_share: ClassShareCheck | None
    json: str
    origins: tuple[DataOrigin, ...] = ()

    @property
    def content_id(self) -> str:
        """Identify what was measured."""
        measured = [self.rules, self.freshness, self.drift, self.class_share]
        return digest_of(["validation", self.dataset, self.reference, self.as_of, *measured])
