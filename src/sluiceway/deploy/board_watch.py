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
        service = self._service
        try:
            mark = self._board.mark()
            if mark == self._seen:
                return
            state = self._board.read()
        except SluicewayError as error:
            service.fail(f"the board cannot be read: {error}")
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
            return
        if state is not None and (service.serving is None or service.serving.state != state):
            service.swap(state)
        taken = state is None or (service.serving is not None and service.serving.state == state)
        self._seen = mark if taken else ""
        self._pause_s = self._every_s if taken else min(self._pause_s * 2, LONGEST_PAUSE_S)
