"""The rehearsal's server: a real one in processes of its own, with a folder of its own that is swept afterwards."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sluiceway.adapters.http_endpoint import HttpEndpoint
from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.project_lock import ProjectLock
from sluiceway.adapters.request_folder import RequestFolder
from sluiceway.core.errors import SluicewayError, TransientError
from sluiceway.ports.rehearsal import Rehearsal

PREFIX, LOCK = "rehearsal-", "rehearsal.lock"
POLL_S = 0.01
START_S, STOP_S = 60.0, 15.0
TAIL_LINES = 20


@contextmanager
def rehearsal_server(
    project: Path, state: Path, *, clear_board: Callable[[], None], environment: Mapping[str, str] | None = None
) -> Iterator[Rehearsal]:
    """Lend a server under rehearsal, with an empty online store, an empty log and an empty board.

    It answers by the board ``rehearsal`` of the project's objects, which ``clear_board`` clears beforehand. Its folder
    lies below the project's state folder. It ends with this process, however that ends; what a killed rehearsal left
    behind the next one sweeps.

    Raises:
        LockedError: another rehearsal of this project is under way.
        TransientError: the server did not start, or died; its last words are told.
    """
    with ProjectLock(state / LOCK).hold("rehearsal"):
        for left in state.glob(f"{PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        clear_board()
        with TemporaryDirectory(prefix=PREFIX, dir=state, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            with (
                _running(project, folder, environment) as endpoint,
                closing(LmdbOnline(folder / "online", durable=False)) as online,
                closing(RequestFolder(folder / "requests")) as log,
            ):
                yield Rehearsal(endpoint, online, log)


@contextmanager
def _running(project: Path, folder: Path, environment: Mapping[str, str] | None) -> Iterator[HttpEndpoint]:
    process = _started(project, folder, environment)
    try:
        with closing(HttpEndpoint("127.0.0.1", _port(process, folder), answer_s=START_S)) as endpoint:
            if endpoint.health()[0] == 0:
                raise _died(process, folder)
            try:
                yield endpoint
            except SluicewayError as error:
                if process.poll() is not None:
                    raise _died(process, folder) from error
                if isinstance(error, TransientError):
                    raise TransientError(f"{error}; {_last_words(folder)}") from error
                raise
            if process.poll() is not None:
                raise _died(process, folder)
    finally:
        _stop(process)


def _started(project: Path, folder: Path, environment: Mapping[str, str] | None) -> "subprocess.Popen[bytes]":
    words = ["serve", "--project", str(project), "--rehearsal", str(folder), "--port", "0", "--json"]
    with (folder / "said.json").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
        return subprocess.Popen(  # noqa: S603  (this very interpreter, and words of our own)
            [sys.executable, "-P", "-m", "sluiceway", *words],
            stdin=subprocess.PIPE,  # never written to: it ends when this process does, and the server with it
            stdout=out,
            stderr=err,
            env=environment,
            process_group=0,
        )


def _port(process: "subprocess.Popen[bytes]", folder: Path) -> int:
    """Wait until the server says where it listens."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return int(json.loads((folder / "said.json").read_text())["url"].rpartition(":")[2])
        except (ValueError, KeyError):  # it has not said it whole yet, or something else
            time.sleep(POLL_S)
    raise _died(process, folder)


def _died(process: "subprocess.Popen[bytes]", folder: Path) -> TransientError:
    how = f"did not answer within {START_S:g} s" if process.poll() is None else f"ended with {process.returncode}"
    return TransientError(f"the rehearsal's server {how}; {_last_words(folder)}")


def _last_words(folder: Path) -> str:
    tail = (folder / "stderr.txt").read_text(errors="replace").strip().splitlines()[-TAIL_LINES:]
    return "its last words:\n" + "\n".join(f"  {line}" for line in tail)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
