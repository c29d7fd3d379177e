"""Reaching: what the models, pins, rollouts and newest versions still need, found without knowing any artifact's shape.

Everything that is stored is named by a SHA-256: of its bytes, of its rows, of what it says, or by the beginning of one.
So whatever stands in the evidence of something that is needed, and looks like one, is needed as well. That may keep
too much; it cannot lose what some artifact of a later release points to.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from msgspec import ValidationError

from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.rollout_state import LIVE, REHEARSAL
from sluiceway.artifacts.validation_report import ValidationReport
from sluiceway.core.digest import canonical_json
from sluiceway.core.errors import DeclarationError, MisuseError, UnknownNameError, UnknownObjectError
from sluiceway.flow.cache import evidence
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.observed import recalled
from sluiceway.flow.reference import dataset_versions, references_for
from sluiceway.ledger.making import Made, everything_made
from sluiceway.ledger.pinning import pins
from sluiceway.ledger.rolling import Transition, current, rehearsed_on, transitions
from sluiceway.ledger.running import last_run, published
from sluiceway.ledger.standing import VERDICT, Standing, live_standings, read_standing, standing_on, standings
from sluiceway.ledger.sweeping import swept

IDENTITY = re.compile(rb"(?<![0-9a-f])[0-9a-f]{12,64}(?![0-9a-f])")
# Said for people: what a version was compared with may go, or every version would keep the whole history before it.
MENTIONED = re.compile(rb'"compared_with":"[0-9a-f]*"')
# Objects that are named by what they are, and that point on to others.
POINTING = ("bundles/{}.json", "rollouts/canaries/{}.json", "health/live/{}.json")

Identities = frozenset[str]


@dataclass(slots=True)
class Reach:
    """What is needed, and why. ``reasons`` holds, by identity, what needs it at first hand.

    ``leaves`` are kept themselves, and nothing that they point to. ``lost`` names artifacts that are needed and of
    which the store has no evidence, so that nobody can say what they point to.
    """

    reasons: dict[str, list[str]] = field(default_factory=dict)
    leaves: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)

    def need(self, reason: str, *identities: str) -> None:
        """Note what is needed at first hand, once for each reason."""
        for identity in filter(None, identities):
            known = self.reasons.setdefault(identity, [])
            known += [] if reason in known else [reason]

    def stands_on(self, reason: str, standing: Standing | None) -> None:
        """Note what a verdict was given on."""
        if standing is not None:
            self.need(reason, standing.artifact, *standing.upstream.values())


def first_hand(kit: Kit, settings: Settings, *, last: int) -> Reach:
    """Collect what must stay: by verdicts, models, rollouts, pins, and the last versions.

    Args:
        kit: Where the ledger is, and the registry.
        settings: May pin a reference version.
        last: How many of the newest dataset versions stay in any case.
    """
    reach, ledger = Reach(), kit.ledger
    for standing in (*standings(ledger).values(), *live_standings(ledger).values()):
        reach.stands_on(f"gate {standing.gate}", standing)
    run = last_run(ledger)
    reach.need("the last run", *(run["made"].values() if run else ()))
    for candidate, told in published(ledger).items():
        _model(reach, kit, candidate, f"model {told.get('model', '')} v{told.get('version', '')}")
    for model in kit.tracker.versions():
        _model(reach, kit, model.identity, f"model {model.name} v{model.version}")
        reach.need(f"model {model.name} v{model.version}", model.bundle)
    _rollouts(reach, kit)
    _versions(reach, kit, settings, last)
    _asked_references(reach, kit, settings)
    for info in kit.objects.list("landing"):
        # The next extraction builds upon these parts, also where no version that stays holds them.
        reach.need(f"landed for {info.key.removeprefix('landing/')}", *identities_in(*_object(kit, info.key)))
    return reach


def _model(reach: Reach, kit: Kit, candidate: str, reason: str) -> None:
    reach.need(reason, candidate)
    reach.stands_on(reason, standing_on(kit.ledger, "train", candidate))
    reach.stands_on(reason, rehearsed_on(kit.ledger, candidate))


def _rollouts(reach: Reach, kit: Kit) -> None:
    for scope in (LIVE, REHEARSAL):
        state = current(kit.ledger, scope)
        shown = [] if state is None else [canonical_json(state)]
        reach.need(f"the {scope} rollout", *identities_in(*shown, *_object(kit, f"rollouts/{scope}.json")))
    # Whoever audits the ledger finds the report behind every change of a live rollout; what it measured may go.
    changes = [*transitions(kit.ledger, LIVE), *_newest_rehearsal(kit)]
    reach.leaves |= {change.evidence for change in changes if change.evidence}


def _newest_rehearsal(kit: Kit) -> list[Transition]:
    """Return the changes of the rehearsal that was begun last."""
    changes = list(transitions(kit.ledger, REHEARSAL))
    begun = max((place for place, change in enumerate(changes) if change.name == "first"), default=0)
    return changes[begun:]


def _versions(reach: Reach, kit: Kit, settings: Settings, last: int) -> None:
    gone = swept(kit.ledger)
    there = [version for version in dataset_versions(kit) if version not in gone]
    for version in there[-last:]:
        reach.need(f"one of the last {last}" if last > 1 else "the last", version)
    for name, version in pins(kit.ledger).items():
        reach.need(f"pin {name}", version)
    next_pools = [references_for(version, (), settings, kit)[""] for version in there[-1:]]
    if settings.reference is not None:
        reach.need("the setting reference", *[version for pool in next_pools for version in pool])
    judged = [read_standing(entry) for entry in kit.ledger.entries(VERDICT) if entry.body["stage"] == "validate"]
    passed = [standing.upstream.get("ingest", "") for standing in judged if standing.verdict.is_open]
    kept = [version for version in there if version in reach.reasons]
    reach.need("passed gate 3 last", *[version for version in passed if version in there][-1:])
    reach.need("the next reference", *[version for pool in next_pools for version in pool])
    newest = {standing.upstream.get("ingest", ""): standing for standing in judged}
    for version in kept:
        reach.stands_on("its own report", newest.get(version))


def _asked_references(reach: Reach, kit: Kit, settings: Settings) -> None:
    """Note the versions that expectations compare with by name, as the newest report and the declaration now say."""
    there = [version for version in dataset_versions(kit) if version not in swept(kit.ledger)]
    for name in sorted({*_pools_of_newest_report(kit), *_declared_now(kit)} - {""}):
        with suppress(MisuseError, UnknownNameError, DeclarationError):  # it names none: the next run will say so
            for pool in [references_for(version, [name], settings, kit)[name] for version in there[-1:]]:
                reach.need(f"reference {name}", *pool)


def _pools_of_newest_report(kit: Kit) -> list[str]:
    judged = [entry for entry in kit.ledger.entries(VERDICT) if entry.body["stage"] == "validate"]
    newest = read_standing(judged[-1]).artifact if judged else ""
    texts = [evidence(made, kit) for _, made in everything_made(kit.ledger) if made.content_id == newest]
    try:
        return [pool.name for text in texts if text for pool in decode(ValidationReport, text).pools]
    except ValidationError:  # another release of the product wrote it
        return []


def _declared_now(kit: Kit) -> list[str]:
    declaration = recalled(kit.reader.fingerprint(), kit)
    return declaration.asked_references if declaration else []


@dataclass(slots=True)
class References:
    """Follows identities through evidence, bundles and reports, each read once."""

    kit: Kit
    lost: set[str] = field(default_factory=set)
    _made: dict[str, list[Made]] = field(default_factory=dict)
    _direct: dict[str, Identities] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for _, made in everything_made(self.kit.ledger):
            self._made.setdefault(made.content_id, []).append(made)

    def from_(self, roots: Iterable[str]) -> Identities:
        """Return the roots and everything that they reach."""
        seen: set[str] = set()
        waiting = set(roots)
        while waiting:
            identity = waiting.pop()
            seen.add(identity)
            waiting |= self._points_to(identity) - seen
        return frozenset(seen)

    def _points_to(self, identity: str) -> Identities:
        if identity not in self._direct:
            made = self._made.get(identity, [])
            texts = [found for each in made if (found := evidence(each, self.kit)) is not None]
            if made and not texts:
                self.lost.add(f"{made[-1].node} {identity}")
            above = {parent for each in made for parent in each.parents.values()}
            texts += [text for key in POINTING for text in _object(self.kit, key.format(identity))]
            self._direct[identity] = frozenset(above | set(identities_in(*texts)))
        return self._direct[identity]


def identities_in(*texts: bytes) -> Iterator[str]:
    """Find everything in JSON texts that looks like a SHA-256, or its first twelve digits and more."""
    for text in texts:
        yield from (found.decode() for found in IDENTITY.findall(MENTIONED.sub(b"", text)))


def _object(kit: Kit, key: str) -> list[bytes]:
    try:
        return [kit.objects.get(key)]
    except UnknownObjectError:
        return []
