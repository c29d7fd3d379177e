"""``sluiceway serve``: the model behind HTTP."""

import shlex
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sluiceway.adapters.granian_server import is_loopback, listen
from sluiceway.adapters.lifeline import end_with_standard_input
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.cli.answer import print_json
from sluiceway.cli.flags import HERE, Common
from sluiceway.core.duration import parse_duration
from sluiceway.core.errors import MisuseError
from sluiceway.core.moments import iso
from sluiceway.deploy.rollout import percent
from sluiceway.server.example import kept_example
from sluiceway.server.limits import Limits
from sluiceway.serving import KEY, ServedProject, api_key, live_rollout
from sluiceway.serving import serve as serve_project

MIB = 1024 * 1024
MOST_WORKERS = 64
MOST_BODY_MIB, MOST_ROWS = 1024, 1_000_000
USUAL = Limits()
HOST = "127.0.0.1"
PUT_ONE = "sluiceway rollout start puts a model on the canary"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class LimitFlags:
    """What a request may take."""

    max_body: Annotated[int, Parameter(help="The largest body of a request, in MiB.")] = USUAL.body_bytes // MIB
    max_rows: Annotated[int, Parameter(help="The most rows of a request.")] = USUAL.rows
    body_timeout: Annotated[str, Parameter(help="How long a body may take to arrive.")] = f"{USUAL.body_s:g}s"

    def limits(self) -> Limits:
        """Check them.

        Raises:
            MisuseError: one is not above zero, is more than a worker can hold, or is no duration.
        """
        try:
            body_s = parse_duration(self.body_timeout).total_seconds()
        except ValueError as error:
            raise MisuseError(f"--body-timeout: {error}") from None
        most_bytes = within("--max-body", self.max_body, MOST_BODY_MIB) * MIB
        return Limits(most_bytes, within("--max-rows", self.max_rows, MOST_ROWS), body_s)


UNCHANGED = LimitFlags()


def serve(
    *,
    host: Annotated[str, Parameter(help="The address to listen on; a key is needed where others can reach it.")] = HOST,
    port: Annotated[int, Parameter(help="The port to listen on; 0 takes any that is free.")] = 8000,
    workers: Annotated[int, Parameter(help="How many processes answer.")] = 1,
    rehearsal: Annotated[
        Path | None,
        Parameter(help="Rehearse in this folder: its own online store and log. Ends with standard input."),
    ] = None,
    limits: LimitFlags = UNCHANGED,
    common: Common = HERE,
) -> int:
    """Answer requests with the model, until interrupted."""
    within("--workers", workers, MOST_WORKERS, hint="; use about one for each core")
    allowed = limits.limits()
    project = ServedProject.open(common.project, rehearsal=rehearsal)
    key = api_key(rehearsal=rehearsal is not None)
    require_key(host, key)
    project.check_online()
    if project.events is not None:
        project.events.check()  # its secrets are set, or it says so before any worker starts
    state = live_rollout(project) if rehearsal is None else None
    project.check_log()
    listeners = listen(host, port, workers=workers)
    url = url_of(listeners[0])
    if common.json:
        print_json({"url": url, "scope": project.scope, "workers": workers, "rollout": state})
        sys.stdout.flush()
    say(*story(project, state, url, keyed=key is not None))
    if rehearsal is not None:
        end_with_standard_input()
    return serve_project(project, listeners, allowed, alone=state is None and rehearsal is None)


def within(flag: str, number: int, most: int, *, hint: str = "") -> int:
    """Check a number.

    Raises:
        MisuseError: it is not above 0, or is more than ``most``.
    """
    if number < 1:
        raise MisuseError(f"{flag} {number}: it must be at least 1")
    if number > most:
        raise MisuseError(f"{flag} {number}: it may be {most:,} at most{hint}")
    return number


def require_key(host: str, key: str | None) -> None:
    """Check that strangers cannot ask.

    Raises:
        MisuseError: other machines can reach the host, and no key is set; or the key is blank.
    """
    if key and key != key.strip():
        raise MisuseError(f"{KEY} is blank, or begins or ends with a blank, which a header loses; leave the blanks out")
    if not key and not is_loopback(host):
        raise MisuseError(
            f"{host} can be reached from other machines, and without {KEY} anybody there could ask; set {KEY} in the "
            "environment, or listen on 127.0.0.1"
        )


def url_of(listener: socket.socket) -> str:
    """Tell where a socket listens; every address of this machine is told as its own."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (what was asked for is told apart)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def story(project: ServedProject, state: RolloutState | None, url: str, *, keyed: bool) -> list[str]:
    """Tell where it listens, who answers, and how to ask."""
    lines = [f"listening on {url}" + (", keys are asked for" if keyed else "")]
    if state is None and project.rehearsal is None:
        return [
            *lines,
            "no model is registered yet: events are taken, at POST /events/SOURCE, and /predict answers 503; once "
            "sluiceway run has registered one, start this again, or put it on the canary: sluiceway rollout start",
        ]
    if state is None:
        return [*lines, f"rehearsal in {project.rehearsal}: requests say their own moment, and the board who answers"]
    unloadable = project.unloadable(state.champion)
    if unloadable:
        return [*lines, f"nobody answers yet: {unloadable}"]
    lines += [f"{state.champion.version} answers" + tried_out(state)]
    if state.champion.role == "baseline" and state.challenger is None:
        lines.append(f"{state.reason}; {PUT_ONE}")
    if project.as_of is not None:
        lines.append(f"requests are answered as of {iso(project.as_of)}, the project's present")
    example = kept_example(project.objects)
    return lines if example is None else [*lines, "", "Try:", f"  {curl(url, example, keyed=keyed)}", ""]


def tried_out(state: RolloutState) -> str:
    """Tell who is tried out, on how much."""
    if state.challenger is None:
        return ""
    whom = ", ".join(state.by) or "entities"
    return f"; {state.challenger.version} is tried out on {percent(state.share)} of {whom}"


def curl(url: str, body: str, *, keyed: bool) -> str:
    """Write a command that asks for a prediction, as a shell takes it; ``keyed`` reads the key where it is run."""
    key = f' -H "authorization: Bearer ${KEY}"' if keyed else ""
    return f"curl -s {url}/predict{key} -H 'content-type: application/json' -d {shlex.quote(body)}"


def say(*lines: str) -> None:
    """Tell a person on standard error."""
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    sys.stderr.flush()
