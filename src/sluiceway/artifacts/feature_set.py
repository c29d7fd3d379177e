"""Stage 4's artifact: a training table as known at each prediction, and proof that it can be read back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sluiceway.artifacts.feature_profile import FeatureProfile, ViewFreshness
from sluiceway.artifacts.serving_contract import ServingContract
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.digest import digest_of

AT = "_at"
LABEL = "_label"
LABEL_KNOWN = "_label_known_time"


@dataclass(frozen=True, slots=True)
class FeatureColumn:
    """A model input: ``origin`` is ``input``, ``view`` or ``request``; ``type`` is ``number`` or ``text``."""

    name: str
    type: str
    origin: str


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of the rows of the label's ``each``: the first is the sum of the other three."""

    rows: int
    labelled: int
    unlabelled: int
    unmatured: int
    positives: int


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """Features read by id from the online store, twice, and set beside the offline values as of the same moment.

    Times are milliseconds for one id with all its views. ``unequal_rereads`` and ``unequal_offline`` count values;
    ``ahead`` those that a stream had written beyond the cutoff, and which were not set beside anything.
    """

    ids: int
    p50_ms: float
    p99_ms: float
    unequal_rereads: int
    unequal_offline: int
    examples: tuple[str, ...] = ()
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class EarlyFact:
    """A source that claims to know a fact before the label's source does: share of shared keys, 0 to 1."""

    source: str
    column: str
    share: float


@dataclass(frozen=True, slots=True)
class TimeAudit:
    """What could have come from the future.

    ``labels_known_early`` counts labelled rows whose outcome was known at the prediction. ``inputs_known_late``
    counts rows of ``each`` known only after their prediction. ``self_fed`` names the views whose source knew the very
    row that is predicted before its prediction, so that it feeds its own features. ``future_features`` names the
    features that changed, out of ``sampled`` rows, when everything not yet known at the prediction was removed and the
    features were computed again another way.
    """

    labels_known_early: int
    inputs_known_late: int
    early_facts: tuple[EarlyFact, ...]
    sampled: int
    future_features: tuple[str, ...]
    self_fed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Labelled rows with the label's key, ``_at``, ``_label`` (0 or 1), ``_label_known_time`` and the model's columns.

    ``cutoff`` is the moment (UTC) past which nothing was known. ``views`` maps each view to its definition's
    digest, which is also the online store's namespace; ``snapshots`` to what the store says it holds of it.
    ``contract`` is what serving a model of these features takes. ``profiles`` tell of each feature what the catalogue
    shows, ``freshness`` of each view.
    """

    dataset: str
    table: TableRef
    key: tuple[str, ...]
    columns: tuple[FeatureColumn, ...]
    cutoff: datetime
    views: Mapping[str, str]
    online_rows: Mapping[str, int]
    counts: RowCounts
    retrieval: RetrievalReport
    time_audit: TimeAudit
    contract: ServingContract
    snapshots: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, FeatureProfile] = field(default_factory=dict)
    freshness: Mapping[str, ViewFreshness] = field(default_factory=dict)

    @property
    def content_id(self) -> str:
        """Identify the rows, the columns' meaning, the views behind them and how they are served."""
        meaning = [self.key, self.columns, self.cutoff, self.views, self.online_rows, self.counts, self.time_audit]
        return digest_of(["features", self.dataset, self.table.content_id, *meaning, self.contract.meaning])
