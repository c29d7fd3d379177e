"""Board watch: a server looks at the board from time to time, and takes up what is new, while it goes on answering."""

import asyncio
from typing import Protocol

from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.core.errors import SluicewayError
from sluiceway.server.board import Board
from sluiceway.server.service import Service

LONGEST_PAUSE_S = 30.0


class Required(Protocol):
    """Raises a ``SluicewayError`` where a state lacks something besides its bundles."""

    def __call__(self, state: RolloutState, /, *, alone: bool) -> None:
        """Check a state."""


def nothing_required(_state: RolloutState, /, *, alone: bool) -> None:
    """Take up whatever can be loaded."""


class BoardWatch:
    """Keeps a service at the state that its board shows. Looking is one question to the object store.

    ``required`` is asked before a new state is taken up, and raises where it must not be; ``alone`` says that nobody
    answers yet, so that the champion need not wait for its challenger.
    """

    def __init__(self, board: Board, service: Service, *, every_s: float) -> None:
        self._board = board
        self._service = service
        self._every_s = every_s
        self._pause_s = every_s
        self._seen = ""
        self.required: Required = nothing_required

    async def run(self) -> None:
        """Look for ever; what cannot be loaded is tried again, ever less often, up to every 30 seconds."""
        while True:
            await asyncio.sleep(self._pause_s)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Look once."""
        try:
            taken = self._take_up()
        except SluicewayError as error:
            self._service.fail(f"the board cannot be read: {error}")
            taken = False
        except Exception as error:  # noqa: BLE001 - whatever it is, what answers now goes on, and it is tried again
            self._service.fail(f"what the board shows cannot be taken up: {type(error).__name__}: {error}")
            taken = False
        self._pause_s = self._every_s if taken else min(self._pause_s * 2, LONGEST_PAUSE_S)

    def _take_up(self) -> bool:
        """Take up what is new; tell whether the service now answers by what the board shows."""
        mark = self._board.mark()
        if mark == self._seen:
            self._service.load_error = ""
            return True
        state = self._board.read()
        if state is None:
            return True
        if not self._service.answers_by(state):
            try:
                self.required(state, alone=self._service.serving is None)
            except SluicewayError as error:
                self._service.fail(f"rollout state {state.sequence} cannot be taken up: {error}")
                return False
            self._service.swap(state)
        taken = self._service.answers_by(state)
        self._seen = mark if taken else ""
        return taken
