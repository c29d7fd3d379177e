"""Registered models: a version's candidate, and the promise that it was rehearsed under."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.promise import Promise
from sluiceway.core.errors import MisuseError, UnknownNameError
from sluiceway.declare.spec import Spec
from sluiceway.flow.kit import Kit
from sluiceway.flow.recall import current as recalled
from sluiceway.flow.recall import recalled as recalled_by_id
from sluiceway.flow.recall import recalled_candidate
from sluiceway.ledger.rolling import rehearsed_on
from sluiceway.ledger.running import published


@dataclass(frozen=True, slots=True)
class Registered:
    """A candidate in the registry: its version, its content id, and itself."""

    version: int
    artifact: str
    candidate: Candidate


def registered(kit: Kit, version: int | None) -> Registered:
    """Find a registered candidate, by default the newest.

    Raises:
        MisuseError: nothing is registered, or its evidence is gone.
        UnknownNameError: there is no such version.
    """
    told = versions(kit)
    if not told:
        raise MisuseError("no model is registered yet; one is when gate 5 opens: sluiceway run")
    wanted = list(told)[-1] if version is None else version
    if wanted not in told:
        raise UnknownNameError("version", str(wanted), [str(each) for each in told])
    artifact = told[wanted]["artifact"]
    candidate = recalled_candidate(artifact, kit)
    if candidate is None:
        raise MisuseError(f"the evidence of version {wanted} is no longer in the store; make it again: sluiceway run")
    return Registered(wanted, artifact, candidate)


def versions(kit: Kit) -> dict[int, Mapping[str, Any]]:
    """Return what was told of each registered version, the newest last."""
    return {told["version"]: told for told in published(kit.ledger).values() if "version" in told}


def terms(kit: Kit, found: Registered) -> Promise:
    """Return the promise that a version's rehearsal passed under: a rollout goes by what was rehearsed.

    Raises:
        MisuseError: it is no longer in the store.
    """
    rehearsed = rehearsed_on(kit.ledger, found.artifact)
    content_id = None if rehearsed is None else rehearsed.upstream.get("spec")
    promise = recalled("spec", kit) if content_id is None else recalled_by_id("spec", content_id, kit)
    if not isinstance(promise, Promise):
        raise MisuseError(
            f"the spec that version {found.version} was rehearsed under is no longer in the store; rehearse it again: "
            "sluiceway run --until deploy"
        )
    return promise


def changed_since(kit: Kit, found: Registered, spec: Spec) -> tuple[str, ...]:
    """Name the sections in which a spec differs from the one that a version was rehearsed under."""
    rehearsed = terms(kit, found).spec
    return tuple(field.name for field in fields(Spec) if getattr(spec, field.name) != getattr(rehearsed, field.name))
