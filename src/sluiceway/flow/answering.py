"""Answering: whom a version in the request log was, with what gate 5 judged it on."""

from dataclasses import dataclass, replace

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.rollout_state import LIVE
from sluiceway.core.errors import MisuseError
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import recalled
from sluiceway.flow.registered_models import registered, versions
from sluiceway.ledger.rolling import current
from sluiceway.ledger.standing import standing_on

BASELINE = "-baseline"


@dataclass(frozen=True, slots=True)
class Answering:
    """A version that answers or did: ``candidate.bundle`` is what it answered by, ``artifact`` what was registered."""

    version: str
    artifact: str
    candidate: Candidate
    is_serving: bool


def answering(version: str, kit: Kit) -> Answering | None:
    """Find a version by what responses and the log call it; ``None`` where the registry does not know it.

    Raises:
        MisuseError: its evidence is no longer in the store.
    """
    number = version.removeprefix("v").removesuffix(BASELINE)
    if not number.isdigit() or int(number) not in versions(kit):
        return None
    found = registered(kit, int(number))
    candidate = as_baseline(found.candidate) if version.endswith(BASELINE) else found.candidate
    state = current(kit.ledger, LIVE)
    serving = [each.bundle for each in (state.champion, state.challenger) if each] if state else []
    return Answering(version, found.artifact, candidate, candidate.bundle.content_id in serving)


def features_of(found: Answering, kit: Kit) -> FeatureSet:
    """Return the feature set that a version learnt from.

    Raises:
        MisuseError: it is no longer in the store.
    """
    standing = standing_on(kit.ledger, "train", found.artifact)
    features = recalled("features", standing.upstream.get("features", ""), kit) if standing else None
    if not isinstance(features, FeatureSet):
        raise MisuseError(f"the features that {found.version} learnt from are no longer in the store: sluiceway run")
    return features


def as_baseline(candidate: Candidate) -> Candidate:
    """Put the baseline in the model's place, with the scores that gate 5 saw of it."""
    evaluation, columns = candidate.evaluation, {column.name for column in candidate.baseline.columns}
    alone = {name: auc for name, auc in evaluation.single_feature_auc.items() if name in columns}
    seen = replace(
        evaluation, bundle=evaluation.baseline, holdout=evaluation.baseline_holdout, single_feature_auc=alone
    )
    return replace(candidate, bundle=candidate.baseline, evaluation=seen)
