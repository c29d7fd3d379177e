"""The references: which earlier dataset versions layers B and C compare with."""

from collections.abc import Iterable, Mapping, Sequence

from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.errors import DamagedError, MisuseError, UnknownNameError
from sluiceway.declare.reference_choice import PINNED, PREVIOUS, VERSION, parse_reference
from sluiceway.flow.cache import evidence
from sluiceway.flow.kit import Kit, Settings
from sluiceway.ledger.making import Made, everything_made
from sluiceway.ledger.pinning import pins
from sluiceway.ledger.standing import VERDICT, read_standing
from sluiceway.ledger.sweeping import swept


def dataset_versions(kit: Kit) -> dict[str, DatasetVersion]:
    """Load every dataset version whose evidence can be believed, by content id, the one made last at the end."""
    made: dict[str, Made] = {}
    for _, each in everything_made(kit.ledger):
        if each.node == "ingest":
            made.pop(each.content_id, None)
            made[each.content_id] = each
    stored = {content_id: evidence(each, kit) for content_id, each in made.items()}
    return {content_id: decode(DatasetVersion, data) for content_id, data in stored.items() if data is not None}


def dataset_by_id(name: str, kit: Kit) -> DatasetVersion:
    """Find a version by its content id or the first digits of it, or by the name of a pin.

    Raises:
        UnknownNameError: none begins so.
        MisuseError: several begin so.
        DamagedError: one does, and the store has lost its evidence.
    """
    versions, pinned = dataset_versions(kit), pins(kit.ledger)
    name = pinned.get(name, name)
    fitting = [version for content_id, version in versions.items() if content_id.startswith(name)]
    if len(fitting) > 1:
        raise MisuseError(f"{len(fitting)} dataset versions begin with {name!r}; give more digits")
    if not fitting:
        require_evidence(name, kit)
        raise UnknownNameError("dataset version", name, [*(version.version for version in versions.values()), *pinned])
    return fitting[0]


def require_evidence(name: str, kit: Kit) -> None:
    """Say that a store was lost, where the ledger knows a version that begins so; any does with an empty name.

    Raises:
        DamagedError: it does.
    """
    known = dict.fromkeys(made.content_id for _, made in everything_made(kit.ledger) if made.node == "ingest")
    lost = [content_id for content_id in known if content_id.startswith(name)]
    if lost:
        raise DamagedError(
            f"the object store has no evidence of version {lost[-1][:12]}, which the ledger knows: was its folder "
            "removed, emptied or not mounted? The ledger and the sources are safe. Bring the store back, from a copy "
            "if need be; sluiceway run makes anew what the sources still have, and earlier versions stay lost"
        )


def datasets_by_id(pools: Mapping[str, Sequence[str]], kit: Kit) -> dict[str, tuple[DatasetVersion, ...]]:
    """Load the versions behind references by their whole content ids.

    Raises:
        UnknownNameError: one of them is no longer in the store.
    """
    known = dataset_versions(kit) if any(pools.values()) else {}
    gone = [each for pool in pools.values() for each in pool if each not in known]
    if gone:
        raise UnknownNameError("dataset version", gone[0][:12], [version.version for version in known.values()])
    return {name: tuple(known[each] for each in pool) for name, pool in pools.items()}


def references_for(dataset: str, asked: Iterable[str], settings: Settings, kit: Kit) -> dict[str, list[str]]:
    """Choose the versions (content ids, newest first) behind each reference that is asked for.

    Args:
        dataset: The content id of the version under validation.
        asked: References as they are declared; the settings' own, which has no name, is always among them.
        settings: What ``reference`` says there; nothing stands for the previous version.
        kit: Holds the versions, and the ledger that tells which of them passed.

    Raises:
        DeclarationError: the settings' reference is none.
        UnknownNameError: a version is named that there is not.
        MisuseError: ``pinned`` is asked for, and the settings pin no version; or several versions begin as was said.
    """
    before = passed_before(dataset, kit)
    return {name: _chosen(name or settings.reference or PREVIOUS, before, settings, kit) for name in {"", *asked}}


def _chosen(text: str, before: list[str], settings: Settings, kit: Kit) -> list[str]:
    choice = parse_reference(text, owner="setting reference")
    if choice.kind == PINNED:
        pinned = parse_reference(settings.reference or PREVIOUS, owner="setting reference")
        if pinned.kind != VERSION:
            raise MisuseError(
                "an expectation compares with the 'pinned' version, but the setting `reference` names none; "
                "set it to a version that `sluiceway data log` lists"
            )
        choice = pinned
    if choice.kind == VERSION:
        return [dataset_by_id(choice.digits, kit).content_id]
    return before[::-1][: choice.versions]


def passed_before(dataset: str, kit: Kit) -> list[str]:
    """List the other versions that had passed gate 3 before this one was first judged, the last to pass last.

    The choice must not move when the same version is judged again, or nothing would ever be cached. A version of which
    the last word by then was that it stops is no reference, nor is one that was swept away.
    """
    passed: dict[str, None] = {}
    gone = swept(kit.ledger)
    for entry in kit.ledger.entries(VERDICT):
        standing = read_standing(entry)
        judged = standing.upstream.get("ingest")
        if standing.stage != "validate" or judged is None:
            continue
        if judged == dataset:
            break
        passed.pop(judged, None)
        if standing.verdict.is_open and judged not in gone:
            passed[judged] = None
    return list(passed)
