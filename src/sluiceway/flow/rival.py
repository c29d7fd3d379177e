"""The rival: whom a candidate has to stand up to before it may answer."""

from typing import TYPE_CHECKING

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.rollout_state import LIVE, Served
from sluiceway.deploy.shelf import shelve, take
from sluiceway.flow.kit import Kit
from sluiceway.ledger.rolling import current
from sluiceway.ledger.running import published

if TYPE_CHECKING:
    from sluiceway.deploy.quality import Rival


def rival_id(candidate: Candidate, kit: Kit) -> str:
    """Return the bundle (content id) that the candidate is compared with.

    It is the live champion's, or, once the candidate has taken over, that of the champion before; with no champion yet
    the candidate's own baseline stands in.
    """
    served = _served(candidate, kit)
    return candidate.baseline.content_id if served is None else served.bundle


def rivals(candidate: Candidate, kit: Kit) -> tuple[Served, Served]:
    """Shelve the candidate and its rival, and return both, the rival first."""
    version = f"v{published(kit.ledger)[candidate.content_id]['version']}"
    challenger = shelve(candidate.bundle, version, kit.objects)
    champion = _served(candidate, kit)
    return champion or shelve(candidate.baseline, f"{version}-baseline", kit.objects), challenger


def rival(served: Served, kit: Kit) -> "Rival":
    """Load a version, ready to score logged rows.

    Raises:
        DamagedError: it is not what was put on the shelf.
    """
    from sluiceway.deploy.quality import Rival
    from sluiceway.online.predictor import Predictor

    bundle, onnx = take(served, kit.objects)
    return Rival(served, bundle, Predictor(bundle, onnx).many)


def _served(candidate: Candidate, kit: Kit) -> Served | None:
    state = current(kit.ledger, LIVE)
    if state is None:
        return None
    return state.champion if state.champion.bundle != candidate.bundle.content_id else state.previous
