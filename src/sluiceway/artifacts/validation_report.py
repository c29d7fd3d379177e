"""Stage 3's artifact: everything that was measured about the data, undecided."""

from dataclasses import dataclass
from datetime import datetime

from sluiceway.artifacts.example_rows import NO_ROWS, ExampleRows
from sluiceway.core.digest import digest_of


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """Layer A: the share of rows, 0 to 1, that keep a rule, and the share that must.

    ``rows`` counts those that a rule could judge: a rule about values leaves out rows without one.
    A rule about a number, such as a mean, has bounds instead: ``measured`` must lie between ``low`` and ``high``, of
    which one may be open.
    ``examples`` shows a few values that break the rule, ``broken_rows`` the rows that do; ``about`` names the columns
    the rule is about. ``note`` says why nothing could be measured; with ``needs_reference`` there was no earlier
    version to compare with. ``on_failure`` is stop, warn or quarantine: then ``broken`` rows were set apart.
    ``definition`` tells apart what the name does not.
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
    about: tuple[str, ...] = ()
    broken_rows: ExampleRows = NO_ROWS
    on_failure: str = "stop"
    needs_reference: bool = False
    definition: str = ""

    @property
    def is_share(self) -> bool:
        """Whether a share of rows was measured, and not a number with bounds."""
        return self.low is None and self.high is None

    @property
    def bounds(self) -> str:
        """The limits of a number, in words."""
        if self.low is None:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high is None else f"{self.low:g} to {self.high:g}"

    @property
    def holds(self) -> bool:
        """Whether what was measured is within its limits; nothing measured is not."""
        if self.measured is None:
            return False
        if self.is_share:
            return self.measured >= self.at_least
        return (self.low is None or self.measured >= self.low) and (self.high is None or self.measured <= self.high)


@dataclass(frozen=True, slots=True)
class FreshnessCheck:
    """Layer A: the newest known time of a source (UTC), and how old that may be, in seconds."""

    source: str
    newest: datetime | None
    within_s: float
    on_failure: str = "stop"


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
    """Layers A, B and C over one dataset version. ``json`` is the object key of the report with its histograms."""

    dataset: str
    reference: str | None
    as_of: datetime | None
    rules: tuple[RuleCheck, ...]
    freshness: tuple[FreshnessCheck, ...]
    drift: tuple[DriftCheck, ...]
    class_share: ClassShareCheck | None
    json: str

    @property
    def content_id(self) -> str:
        """Identify what was measured."""
        measured = [self.rules, self.freshness, self.drift, self.class_share]
        return digest_of(["validation", self.dataset, self.reference, self.as_of, *measured])
