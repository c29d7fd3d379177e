"""Features there: whether the online store was ever filled with what a rollout state's models read."""

from sluiceway.artifacts.rollout_state import RolloutState, Served
from sluiceway.core.errors import SourceError, TransientError
from sluiceway.ports.object_store import ObjectStore
from sluiceway.ports.online_store import OnlineStore
from sluiceway.server.shelf import bundle_of


class FeaturesThere:
    """Checks states before they are taken up: a store that is not there knows nobody, and answers all the same."""

    def __init__(self, objects: ObjectStore, online: OnlineStore, *, needs_store: bool = True) -> None:
        """Take the stores; unless a state ``needs_store``, one that does not answer now keeps nobody from answering."""
        self._objects = objects
        self._online = online
        self._needs_store = needs_store

    def check(self, state: RolloutState, *, alone: bool) -> None:
        """Check the champion's views, and the challenger's unless the champion can answer ``alone`` meanwhile.

        Raises:
            SourceError: a view was never written.
            TransientError: the store does not answer.
            SluicewayError: a bundle or the store cannot be read.
        """
        self._check(state.champion)
        if state.challenger is not None and not alone:
            self._check(state.challenger)

    def _check(self, served: Served) -> None:
        views = bundle_of(served, self._objects).contract.views
        try:
            missing = [view.name for view in views if not is_filled(self._online, view.digest)]
        except TransientError:
            if self._needs_store:
                raise
            return
        if missing:
            raise SourceError(
                f"the online store was never filled with {', '.join(missing)}, which {served.version} reads, and would "
                "give no features of anybody; fill it: sluiceway run --until features. Where that says that it is not "
                "kept up, put a newer model in its place: sluiceway rollout"
            )


def is_filled(online: OnlineStore, digest: str) -> bool:
    """Whether a view was ever filled, with whatever it may be."""
    return bool(online.snapshot(digest)) or online.count(digest) > 0
