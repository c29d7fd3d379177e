"""A server as a process of its own, waited for until it answers; it can be killed, paused and started again."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

PATIENCE_S = 30
BETWEEN_S = 0.02


class ServerProcess:
    """Runs a command that serves; ``answers`` tells whether it does by now."""

    def __init__(
        self, command: Sequence[str], answers: Callable[[], bool], environment: Mapping[str, str] | None = None
    ) -> None:
        self._command, self._answers = list(command), answers
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, with whatever it kept."""
        assert self._process is None or self._process.poll() is not None, f"{self._command[0]} runs already"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(self._command, cwd="/", env=self._environment, **quiet)
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self._process.poll() is None, f"{self._command[0]} ended"
            assert time.monotonic() < deadline, f"{self._command[0]} does not answer"
            time.sleep(BETWEEN_S)

    def kill(self) -> None:
        """End it as a machine that dies does."""
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Let it stand still: it takes connections, and answers nothing."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        os.kill(self._process.pid, signal.SIGCONT)
