"""``sluiceway rollout``: who answers live traffic, and whom a share of it tries out."""

import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sluiceway.adapters.project_lock import ProjectLock
from sluiceway.artifacts.rollout_state import LIVE, RolloutState
from sluiceway.cli.answer import print_json, print_lines, warn
from sluiceway.cli.aside import stdout_aside
from sluiceway.cli.flags import HERE, Common
from sluiceway.cli.override import user
from sluiceway.cli.rollout_text import (
    advanced_json,
    advanced_lines,
    missing_json,
    missing_lines,
    shut_json,
    shut_lines,
    state_json,
    state_lines,
)
from sluiceway.cli.run import run
from sluiceway.cli.version_number import version_number
from sluiceway.cli.watching import say, seconds
from sluiceway.core.errors import MisuseError, SluicewayError
from sluiceway.core.moments import iso
from sluiceway.flow.live_rollout import (
    LOCK,
    LOCK_WAIT_S,
    NOBODY,
    begin,
    end,
    go_back,
    last_judged,
    shown,
    state_now,
    take_over,
)
from sluiceway.flow.registered_models import changed_since, registered
from sluiceway.ledger.rolling import current
from sluiceway.workspace import Workspace

if TYPE_CHECKING:
    from sluiceway.flow.live_canary import Advanced, LiveCanary

Author = Annotated[str | None, Parameter(help="Who answers for it; by default whoever is typing.")]


def start(
    version: Annotated[
        str | None, Parameter(help="The registered version, as in 3 or v3; the newest by default.")
    ] = None,
    *,
    replace: Annotated[
        bool, Parameter(help="Let a version that takes other requests answer everything, with no canary.", negative=())
    ] = False,
    reason: Annotated[str | None, Parameter(help="Why it may replace the champion; it goes onto the ledger.")] = None,
    author: Author = None,
    common: Common = HERE,
) -> int:
    """Put a registered version on the live canary, or in the champion's place where no canary is possible."""
    if replace != (reason is not None):
        raise MisuseError('--replace and --reason go together, as in --replace --reason "callers send wind from today"')
    number, workspace = version_number(version), opened(common)
    who = author or user()
    with turn(workspace, "rollout start"):
        if reason is not None:
            made = take_over(workspace.kit, version=number, reason=given(reason), author=who)
        else:
            made = begin(workspace.kit, version=number, author=who)
    if isinstance(made, RolloutState):
        differing = changed_spec(workspace, number)
        if differing:
            warn(differing)
        return told(made, common)
    now = workspace.kit.clock.now()
    if common.json:
        print_json(shut_json(made, now))
    else:
        print_lines(*shut_lines(made, now))
    return 1


def status(*, common: Common = HERE) -> int:
    """Show who answers, who is tried out, and what is missing."""
    workspace = opened(common)
    kit = workspace.kit
    state, now = current(kit.ledger, LIVE), kit.clock.now()
    if state is not None and shown(kit) != state:
        with turn(workspace, "rollout status"):
            state = state_now(kit)
    standing = last_judged(kit) if state is not None and state.challenger is not None else None
    if common.json:
        print_json({"rollout": state_json(state), "missing": missing_json(standing, now)})
    elif state is None:
        print_lines(NOBODY)
    else:
        print_lines(*state_lines(state), *(missing_lines(standing, now) if state.challenger else []))
    return 0


def advance(
    *,
    watch: Annotated[str | None, Parameter(help="Look again so often, such as 5m, until it is decided.")] = None,
    common: Common = HERE,
) -> int:
    """Judge the live canary, and make the change that is due."""
    from sluiceway.flow.live_canary import LiveCanary, running_states

    every = None if watch is None else seconds(watch)
    workspace = opened(common)
    state = current(workspace.kit.ledger, LIVE)
    if state is not None and state.challenger is None:
        return nobody_tried_out(state, common)
    running_states(workspace.kit)  # the project's code is not loaded for nothing
    with stdout_aside():
        canary = LiveCanary(workspace.kit, workspace.settings, workspace.kit.reader.load())
        seen = looked(workspace, canary)
        while every is not None and not seen.over:
            say(f"{iso(seen.report.ended)}: {seen.standing.verdict.outcome.value}, {seen.state.reason}")
            time.sleep(every)
            seen = looked(workspace, canary, only_news=True)
    page, now = str(workspace.state / "objects" / seen.page), workspace.kit.clock.now()
    if common.json:
        print_json(advanced_json(seen, now, page))
    else:
        print_lines(*advanced_lines(seen, now, page))
    return exit_code(seen)


def abort(
    *,
    reason: Annotated[str, Parameter(help="Why; it goes onto the ledger.")],
    author: Author = None,
    common: Common = HERE,
) -> int:
    """Take the challenger out at once; the champion answers everything again."""
    workspace = opened(common)
    with turn(workspace, "rollout abort"):
        return told(end(workspace.kit, reason=given(reason), author=author or user()), common)


def rollback(
    *,
    reason: Annotated[str, Parameter(help="Why; it goes onto the ledger.")] = "asked for",
    author: Author = None,
    common: Common = HERE,
) -> int:
    """Put the champion before this one back, at once."""
    workspace = opened(common)
    with turn(workspace, "rollout rollback"):
        return told(go_back(workspace.kit, reason=given(reason), author=author or user()), common)


def rehearse(
    *,
    wait: Annotated[str, Parameter(help="How long to wait for another run, such as 10m.")] = "0s",
    common: Common = HERE,
) -> int:
    """Rehearse the newest candidate afresh, and judge gate 6."""
    return run(only="deploy", again="deploy", wait=wait, common=common)


def changed_spec(workspace: Workspace, version: int | None) -> str:
    """Say that the spec, as it lies there now, is not the one that the version was rehearsed under."""
    from sluiceway.spec.parse import parse_spec

    kit = workspace.kit
    try:
        with stdout_aside():
            project = kit.reader.load()
        spec = parse_spec(project.spec_text, path=project.pipeline.spec)
        differing = changed_since(kit, registered(kit, version), spec)
    except SluicewayError as error:
        return f"whether the spec is still the one that was rehearsed cannot be told: {error}"
    if not differing:
        return ""
    return (
        f"{project.pipeline.spec} now differs in {', '.join(differing)} from what was rehearsed; the rollout goes by "
        "what was rehearsed; to go by the file: sluiceway rollout abort, then run, then rollout start"
    )


def opened(common: Common) -> Workspace:
    """Open the project; nothing here sends alerts, so that an abort never waits for their secrets."""
    return Workspace.open(common.project, alerts=False)


def turn(workspace: Workspace, command: str) -> AbstractContextManager[None]:
    """Hold the rollout's own lock, which no run holds: an abort never waits for a training.

    Raises:
        LockedError: another command holds it for longer than a change takes.
    """
    return ProjectLock(workspace.state / LOCK).hold(command, LOCK_WAIT_S)


def looked(workspace: Workspace, canary: "LiveCanary", *, only_news: bool = False) -> "Advanced":
    """Judge first, which takes a while, and only then take the turn to change something."""
    seen = canary.look(only_news=only_news)
    with turn(workspace, "rollout advance"):
        return canary.steer(seen)


def nobody_tried_out(state: RolloutState, common: Common) -> int:
    """Answer where there is nothing to advance, which is no mistake of a clock's that asks every hour."""
    if common.json:
        print_json({"change": None, "rollout": state_json(state), "gate": None, "missing": [], "report": None})
    else:
        print_lines(f"nothing is being tried out: {state.champion.version} answers alone", f"    {state.reason}")
    return 0


def exit_code(seen: "Advanced") -> int:
    """0 while the canary may go on or has won, 1 while it may not or is out."""
    if seen.over:
        return int(seen.state.champion != seen.report.challenger)
    return int(not seen.standing.verdict.is_open)


def told(state: RolloutState, common: Common) -> int:
    """Answer with a state."""
    if common.json:
        print_json({"rollout": state_json(state)})
    else:
        print_lines(*state_lines(state))
    return 0


def given(reason: str) -> str:
    """Check that a reason says something.

    Raises:
        MisuseError: it is empty.
    """
    if not reason.strip():
        raise MisuseError('--reason is empty; say why, as in --reason "calls from the gates"')
    return reason.strip()
