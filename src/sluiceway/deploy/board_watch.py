"""Board watch: a server looks at the board from time to time, and takes up what is new, while it goes on answering."""

import asyncio

from sluiceway.core.errors import SluicewayError
from sluiceway.deploy.board import Board
from sluiceway.deploy.service import Service

LONGEST_PAUSE_S = 30.0


class BoardWatch:
    """Keeps a service at the state that its board shows. Looking is one question to the object store."""

    def __init__(self, board: Board, service: Service, *, every_s: float) -> None:
        self._board = board
        self._service = service
        self._every_s = every_s
        self._pause_s = every_s
        self._seen = ""

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
            self._service.swap(state)
        taken = self._service.answers_by(state)
        self._seen = mark if taken else ""
        return taken
