"""What gate 5 judges: a bundle, its evaluation, and the audit of the features it was trained on."""

from dataclasses import dataclass

from sluiceway.artifacts.evaluation import Evaluation
from sluiceway.artifacts.feature_set import TimeAudit
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.core.digest import digest_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that asks to be registered, with all the evidence for and against it."""

    bundle: ModelBundle
    baseline: ModelBundle
    evaluation: Evaluation
    time_audit: TimeAudit

    @property
    def content_id(self) -> str:
        """Identify the bundles and the evidence."""
        parts = [self.bundle.content_id, self.baseline.content_id, self.evaluation.content_id]
        return digest_of(["candidate", *parts, self.time_audit])
