"""Lifeline: a process that ends when whoever started it does, however that ended."""

import os
import signal
import time
from threading import Thread

READ_BYTES = 1024


def end_with_standard_input(*, grace_s: float = 10.0) -> None:
    """End this process as SIGTERM would once its standard input ends, as a pipe does when its writer is gone.

    Whatever still runs ``grace_s`` seconds later is cut off.
    """
    Thread(target=_wait_and_end, args=(grace_s,), daemon=True).start()


def _wait_and_end(grace_s: float) -> None:
    while os.read(0, READ_BYTES):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_s)
    os._exit(1)
