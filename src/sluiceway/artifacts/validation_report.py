"""Stage 3's artifact: everything that was measured about the data, undecided."""

from dataclasses import dataclass
from datetime import datetime

from sluiceway.artifacts.data_origin import DataOrigin
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


def warning(on_failure: str) -> str:
    """Tell a check that only warns from one that stops, in its name."""
    return " (warns)" if on_failure == "warn" else ""


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
    on_failure: str = "stop"

    @property
    def name(self) -> str:
        """What is measured, in words."""
        newest = f"the newest partition of {self.partition}" if self.partition else "the newest row"
        return f"{self.source}: age of {newest} in seconds{warning(self.on_failure)}"

    @property
    def gaps_name(self) -> str:
        """What is counted of its partitions, in words."""
        return f"{self.source}: missing partitions of {self.partition}{warning(self.on_failure)}"


# Layer B's ways to compare: two tests of a whole distribution, four bands, and a column that is passed over on purpose.
KS, CHI_SQUARE, MEAN, QUANTILE, NULLS, JENSEN_SHANNON = "ks", "chi2", "mean", "quantile", "nulls", "js"
PASSED_OVER = "none"
BANDS = (MEAN, QUANTILE, NULLS, JENSEN_SHANNON)


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """Layer B: one column against earlier versions, in one way.

    ``test`` says how, and in what the ``effect`` is counted:

    - ``ks``: Kolmogorov-Smirnov, the statistic D, 0 to 1; ``chi2``: chi-square, Cramer's V, 0 to 1
    - ``mean``, and ``quantile`` at ``at``: from ``then`` to ``now`` in standard deviations of the reference
    - ``nulls``: by how much the share of missing values, 0 to 1, differs
    - ``js``: the Jensen-Shannon distance, base 2, 0 to 1
    - ``none``: the column is passed over on purpose

    ``limit`` is the largest effect that was declared, ``None`` for the default. ``p_adjusted`` is the p-value after
    Benjamini-Hochberg over all checks of the report, ``resolution`` the smallest effect that would have had p < 0.01.
    All ``None``: there was no reference (``reference_rows`` is 0), or insufficient data, as ``note`` says.
    ``against`` is the pool compared with, as in ``ValidationReport.pools``; ``rows`` counts those that were compared,
    which are only the ones that the reference has not where ``is_new``. ``js`` stands beside every test.
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
    limit: float | None = None
    at: float | None = None
    then: float | None = None
    now: float | None = None
    js: float | None = None
    resolution: float | None = None
    against: str = ""
    is_new: bool = False
    on_failure: str = "stop"

    @property
    def name(self) -> str:
        """What is compared, in words."""
        words = {
            KS: f"drift of {self.column} (Kolmogorov-Smirnov)",
            CHI_SQUARE: f"drift of {self.column} (chi-square)",
            MEAN: f"shift of the mean of {self.column}",
            QUANTILE: f"shift of the {100 * (self.at or 0):g} % quantile of {self.column}",
            NULLS: f"change of missing values of {self.column}",
            JENSEN_SHANNON: f"Jensen-Shannon distance of {self.column} (base 2)",
            PASSED_OVER: f"drift of {self.column} (not compared)",
        }[self.test]
        against = f", against {self.against}" if self.against else ""
        return f"{self.source}: {words}{against}{warning(self.on_failure)}"

    @property
    def is_band(self) -> bool:
        """Whether it bounds one number, and not a test of the whole distribution."""
        return self.test in BANDS


@dataclass(frozen=True, slots=True)
class ReferencePool:
    """Earlier versions (content ids, newest first) that were taken together as a reference.

    ``name`` is how it was asked for, such as ``rolling 5``; the default one has none.
    """

    name: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassShareCheck:
    """Layer C: one class's share now and in the reference, each 0 to 1.

    ``relative_change`` is ``|now - then| / then``; ``low`` and ``high`` are its 95 % interval's bounds.
    ``condition`` is what puts a row into the class, as it was written; ``category`` is the class's name.
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
    category: str = "positive"

    @property
    def name(self) -> str:
        """What is compared, in words."""
        which = "" if self.category == "positive" else f" = {self.category}"
        return f"class share of {self.label}{which}: relative change"


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """Layers A, B and C over one dataset version. ``json`` is the object key of the report with its histograms.

    ``origins`` says where the data come from, and is no part of what was measured.
    ``reference`` is the newest version of the default pool. ``class_shares`` has an entry per class of the target; of
    two classes, the positive one stands for both.
    """

    dataset: str
    reference: str | None
    as_of: datetime | None
    rules: tuple[RuleCheck, ...]
    freshness: tuple[FreshnessCheck, ...]
    drift: tuple[DriftCheck, ...]
    class_shares: tuple[ClassShareCheck, ...]
    json: str
    origins: tuple[DataOrigin, ...] = ()
    pools: tuple[ReferencePool, ...] = ()

    @property
    def content_id(self) -> str:
        """Identify what was measured."""
        measured = [self.rules, self.freshness, self.drift, self.class_shares]
        return digest_of(["validation", self.dataset, self.reference, self.as_of, *measured, self.pools])

    def pool(self, name: str) -> ReferencePool:
        """Find a pool by its name; one that nobody asked for is empty."""
        return next((pool for pool in self.pools if pool.name == name), ReferencePool(name, ()))
