"""Live rollouts: each change goes onto the ledger first, then onto the board that servers look at."""

from dataclasses import dataclass
from datetime import datetime

from sluiceway.artifacts.rollout_state import LIVE, RolloutState, Served
from sluiceway.core.errors import DamagedError, MisuseError
from sluiceway.deploy.rollout import (
    ABORT,
    FIRST,
    REPLACE,
    ROLLBACK,
    START,
    abort,
    first,
    plan_of,
    replace_champion,
    rollback,
    start,
)
from sluiceway.flow.kit import Kit
from sluiceway.flow.registered_models import Registered, registered, terms
from sluiceway.ledger.rolling import ROLLOUT, Transition, current, record_transition, rehearsed_on
from sluiceway.ledger.standing import Standing, live_standings, standing_on
from sluiceway.server.board import Board
from sluiceway.server.loading import require_loadable
from sluiceway.server.shelf import bundle_of, shelve

BEGUN = (LIVE, START)
LOCK, LOCK_WAIT_S = "rollout.lock", 10.0
FIRST_BECAUSE = "no model has passed a live canary yet: the baseline answers"
NOBODY = (
    "nobody answers live traffic yet; sluiceway rollout start puts a model on the canary, sluiceway serve serves it"
)


@dataclass(frozen=True, slots=True)
class Shut:
    """A gate that keeps a model off the canary; ``standing`` is its verdict, if it gave one."""

    gate: int
    why: str
    standing: Standing | None


def state_now(kit: Kit) -> RolloutState | None:
    """Return who answers live traffic, and show it again on a board that lags behind the ledger.

    Whoever calls holds the rollout's lock: else an older state could be shown after a newer one.
    """
    state = current(kit.ledger, LIVE)
    if state is not None and shown(kit) != state:
        Board(kit.objects, LIVE).show(state)
    return state


def shown(kit: Kit) -> RolloutState | None:
    """Return what the board shows; nothing, where that cannot be read."""
    try:
        return Board(kit.objects, LIVE).read()
    except DamagedError:
        return None


def require_state(kit: Kit) -> RolloutState:
    """Return who answers live traffic, as ``state_now`` does.

    Raises:
        MisuseError: nobody does yet.
    """
    state = state_now(kit)
    if state is None:
        raise MisuseError(NOBODY)
    return state


def last_judged(kit: Kit) -> Standing | None:
    """Return what gate 6 said last of the live canary that runs now."""
    begun = [each.sequence for each in kit.ledger.entries(ROLLOUT) if (each.body["scope"], each.body["name"]) == BEGUN]
    standing = live_standings(kit.ledger).get("deploy")
    return standing if standing is not None and begun and standing.sequence > begun[-1] else None


def make(kit: Kit, change: Transition) -> RolloutState:
    """Let a change happen: a kill behind the first line is mended by whatever asks for the state next."""
    record_transition(kit.ledger, change)
    Board(kit.objects, LIVE).show(change.state)
    return change.state


def begin(kit: Kit, *, version: int | None, author: str) -> RolloutState | Shut:
    """Put a registered model on the live canary; where nobody answers yet, its baseline answers the rest.

    Raises:
        MisuseError: nothing is registered, someone is being tried out, or requests for the two would differ.
        UnknownNameError: there is no such version.
    """
    found, now = registered(kit, version), kit.clock.now()
    shut = kept_off(kit, found, now)
    if shut is not None:
        return shut
    promise = terms(kit, found)
    challenger = _loadable(shelve(found.candidate.bundle, f"v{found.version}", kit.objects), kit)
    state = state_now(kit) or begin_by_baseline(kit, found, author=author)
    require_alike(kit, state.champion, challenger)
    plan = plan_of(promise.spec.rollout)
    return make(kit, Transition(START, start(state, challenger, plan, at=now), author=author))


def take_over(kit: Kit, *, version: int | None, reason: str, author: str) -> RolloutState | Shut:
    """Let a registered model that takes other requests than the champion answer everything at once.

    No canary is possible between the two. The model must have passed a rehearsal, beside its own baseline.

    Raises:
        MisuseError: nothing is registered, nobody answers yet, someone is being tried out, or a canary is possible.
        UnknownNameError: there is no such version.
    """
    found, now = registered(kit, version), kit.clock.now()
    shut = kept_off(kit, found, now)
    if shut is not None:
        return shut
    state = require_state(kit)
    champion = _loadable(shelve(found.candidate.bundle, f"v{found.version}", kit.objects), kit)
    differing = differing_requests(kit, state.champion, champion)
    if not differing and champion.bundle != state.champion.bundle:
        raise MisuseError(
            f"{champion.version} and {state.champion.version} take the same requests, so that it can be tried out "
            "first: sluiceway rollout start, without --replace"
        )
    why = f"their requests differ in {', '.join(differing)}; {reason}"
    return make(kit, Transition(REPLACE, replace_champion(state, champion, at=now, why=why), author=author))


def end(kit: Kit, *, reason: str, author: str) -> RolloutState:
    """Take the challenger out.

    Raises:
        MisuseError: there is none.
    """
    state = abort(require_state(kit), at=kit.clock.now(), why=reason)
    return make(kit, Transition(ABORT, state, author=author))


def go_back(kit: Kit, *, reason: str, author: str) -> RolloutState:
    """Put the previous champion back.

    Raises:
        MisuseError: there is none.
    """
    state = rollback(require_state(kit), at=kit.clock.now(), why=reason)
    return make(kit, Transition(ROLLBACK, state, author=author))


def kept_off(kit: Kit, found: Registered, now: datetime) -> Shut | None:
    """Tell which gate keeps a model off the canary, if one does."""
    named = f"version {found.version}"
    trained = standing_on(kit.ledger, "train", found.artifact)
    if trained is None or not trained.at(now).is_open:
        return Shut(5, f"gate 5 is not open for {named}: sluiceway run", trained)
    rehearsed = rehearsed_on(kit.ledger, found.artifact)
    if rehearsed is None:
        return Shut(6, f"{named} has not been rehearsed: sluiceway rollout rehearse", None)
    if not rehearsed.at(now).is_open:
        return Shut(6, f"the rehearsal of {named} did not pass gate 6: sluiceway status --all", rehearsed)
    return None


def answering(kit: Kit) -> RolloutState:
    """Return who answers live traffic, as ``state_now`` does; where nobody does yet, the newest baseline begins.

    Raises:
        MisuseError: nothing is registered yet, so that nobody can answer.
    """
    return state_now(kit) or begin_by_baseline(kit, registered(kit, None))


def require_somebody(kit: Kit) -> None:
    """Check that somebody answers live traffic, or could.

    Raises:
        MisuseError: nobody does, and nothing is registered.
    """
    if current(kit.ledger, LIVE) is None:
        registered(kit, None)


def require_alike(kit: Kit, champion: Served, challenger: Served) -> None:
    """Check that one request suits both.

    Raises:
        MisuseError: their inputs or their keys differ.
    """
    differing = differing_requests(kit, champion, challenger)
    if differing:
        raise MisuseError(
            f"{challenger.version} cannot be tried out beside {champion.version}: their requests differ in "
            f"{', '.join(differing)}. Once its callers send the others, let it answer everything at once: "
            'sluiceway rollout start --replace --reason "…"'
        )


def differing_requests(kit: Kit, one: Served, other: Served) -> tuple[str, ...]:
    """Name the fields in which requests for two versions differ."""
    ours, theirs = (bundle_of(served, kit.objects).contract for served in (one, other))
    return ours.differing(theirs)


def begin_by_baseline(kit: Kit, found: Registered, *, author: str = "") -> RolloutState:
    """Let the baseline of a registered version be the first to answer live traffic.

    Raises:
        SluicewayError: it cannot be loaded; then nothing is recorded.
    """
    baseline = _loadable(shelve(found.candidate.baseline, f"v{found.version}-baseline", kit.objects), kit)
    return make(kit, Transition(FIRST, first(LIVE, baseline, at=kit.clock.now(), why=FIRST_BECAUSE), author=author))


def _loadable(served: Served, kit: Kit) -> Served:
    require_loadable(served, kit.objects)
    return served
