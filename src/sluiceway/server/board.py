"""The board: what servers look at to learn who answers. The ledger is the truth, the board only shows it."""

import msgspec

from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.core.errors import DamagedError, UnknownObjectError
from sluiceway.ports.object_store import ObjectStore

NOBODY = b"null"


class Board:
    """The newest rollout state of one scope, as one object that is replaced whole. Safe to share between processes."""

    def __init__(self, objects: ObjectStore, scope: str) -> None:
        self._objects = objects
        self._scope = scope
        self._key = f"rollouts/{scope}.json"

    @property
    def scope(self) -> str:
        """Whose rollout is shown: ``live`` or ``rehearsal``."""
        return self._scope

    def read(self) -> RolloutState | None:
        """Return what is shown, ``None`` when nothing is.

        Raises:
            DamagedError: what is there is no rollout state of this scope.
        """
        try:
            data = self._objects.get(self._key)
            if data == NOBODY:
                return None
            state = decode(RolloutState, data)
        except UnknownObjectError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedError(f"{self._key} is no rollout state: {error}") from error
        if state.scope != self._scope:
            raise DamagedError(f"{self._key} shows the rollout of {state.scope!r}; expected {self._scope!r}")
        return state

    def show(self, state: RolloutState) -> None:
        """Replace what is shown."""
        self._objects.put(self._key, encode(state))

    def clear(self) -> None:
        """Show nothing any more."""
        self._objects.put(self._key, NOBODY)

    def mark(self) -> str:
        """Return what changes whenever something else is shown, without reading it; empty when nothing is."""
        return "".join(info.tag for info in self._objects.list(self._key))
