"""The rival: whom a candidate has to stand up to before it may answer."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.rollout_state import LIVE, Served
from sluiceway.core.errors import DamagedError, UnknownObjectError
from sluiceway.flow.kit import Kit
from sluiceway.ledger.rolling import current
from sluiceway.ledger.running import published
from sluiceway.server.shelf import bundle_of, shelve, take

if TYPE_CHECKING:
    from sluiceway.deploy.quality import Rival


@dataclass(frozen=True, slots=True)
class Rivals:
    """Both sides of a rehearsal on the shelf; ``beside`` says why the champion is not the live one, if it is not."""

    champion: Served
    challenger: Served
    beside: str = ""


def rival_id(candidate: Candidate, kit: Kit) -> str:
    """Return the bundle (content id) that the candidate is compared with.

    It is the live champion's, or, once the candidate has taken over, that of the champion before; with no champion yet,
    or with one that takes other requests, the candidate's own baseline stands in.
    """
    served = _served(candidate, kit)
    if served is None or _differing(candidate, served, kit):
        return candidate.baseline.content_id
    return served.bundle


def rivals(candidate: Candidate, kit: Kit) -> Rivals:
    """Shelve the candidate and its rival, and return both."""
    version = f"v{published(kit.ledger)[candidate.content_id]['version']}"
    challenger = shelve(candidate.bundle, version, kit.objects)
    own = shelve(candidate.baseline, f"{version}-baseline", kit.objects)  # mends it, where it is the live champion
    champion = _served(candidate, kit)
    differing = () if champion is None else _differing(candidate, champion, kit)
    if champion is not None and not differing:
        return Rivals(champion, challenger)
    beside = ""
    if champion is not None:
        beside = (
            f"{champion.version}, which answers live, takes other requests (they differ in {', '.join(differing)}): "
            f"{version} was rehearsed beside its own baseline"
        )
    return Rivals(own, challenger, beside)


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


def _differing(candidate: Candidate, served: Served, kit: Kit) -> tuple[str, ...]:
    """Name the fields in which requests for the two differ; what cannot be read is told when it is loaded."""
    try:
        return bundle_of(served, kit.objects).contract.differing(candidate.bundle.contract)
    except (UnknownObjectError, DamagedError):
        return ()
