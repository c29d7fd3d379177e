"""Held views: what the online store's values are of, remembered beside it.

That is the dataset, the moment, and what the store itself says that it was last filled with. Where the three do not fit
together, as after a store was lost, nobody knows, and the view is made whole.
"""

import msgspec

from sluiceway.core.errors import UnknownObjectError
from sluiceway.declare.feature_view import FeatureView
from sluiceway.flow.kit import Kit


class Held(msgspec.Struct, frozen=True):
    """What a view's online values are of: a dataset's content id, a cutoff in microseconds, the store's own mark.

    ``towards`` are dataset and cutoff of a refresh that has begun; it is empty once that is done.
    """

    dataset: str
    cutoff: int
    mark: str
    towards: tuple[str, int] | None = None


def held_of(view: FeatureView, kit: Kit) -> Held | None:
    """Tell what a view's online values are of; ``None`` where nobody knows."""
    try:
        held = msgspec.json.decode(kit.objects.get(_key(view.digest)), type=Held)
    except (UnknownObjectError, msgspec.DecodeError):
        return None
    return held if held.mark and held.mark == kit.online.snapshot(view.digest) else None


def note(view: FeatureView, held: Held, kit: Kit) -> None:
    """Remember what a view's online values are of."""
    kit.objects.put(_key(view.digest), msgspec.json.encode(held))


def forget(digest: str, kit: Kit) -> None:
    """Remember that nobody knows what a view's online values are of: somebody else is about to fill it."""
    kit.objects.put(_key(digest), msgspec.json.encode(Held("", 0, "")))


def _key(digest: str) -> str:
    return f"materialised/{digest}.json"
