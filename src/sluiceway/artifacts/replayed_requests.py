"""Stage 7's raw material: requests answered after the canary, by the model that it put in charge."""

from dataclasses import dataclass
from datetime import datetime

from sluiceway.artifacts.canary_report import SkewEvidence
from sluiceway.artifacts.rollout_state import Served
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.digest import digest_of


@dataclass(frozen=True, slots=True)
class ReplayedRequests:
    """What was asked from ``began`` until ``until`` (virtual time), all answered by ``served``.

    ``requests`` is the table of logged requests, without rows where nothing was replayed; ``answers`` identifies what
    was asked and answered in it.
    """

    dataset: str
    served: Served
    began: datetime
    until: datetime
    requests: TableRef
    answers: str
    skew: SkewEvidence

    @property
    def content_id(self) -> str:
        """Identify what was asked and answered."""
        return digest_of(["replayed", self.dataset, self.served.bundle, self.answers, self.skew])
