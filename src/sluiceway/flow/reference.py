"""The reference: which earlier dataset version layer B compares with."""

from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.errors import DamagedError, MisuseError, UnknownNameError
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


def reference_for(dataset: str, settings: Settings, kit: Kit) -> str | None:
    """Choose the pinned version, or else the newest other one that had passed gate 3 before this one was judged.

    The choice must not move when the same version is judged again, or nothing would ever be cached. Versions that were
    swept away are passed over.
    """
    if settings.reference is not None:
        return dataset_by_id(settings.reference, kit).content_id
    chosen: str | None = None
    gone = swept(kit.ledger)
    for entry in kit.ledger.entries(VERDICT):
        standing = read_standing(entry)
        judged = standing.upstream.get("ingest")
        if standing.stage != "validate" or judged is None:
            continue
        if judged == dataset:
            break
        if standing.verdict.is_open and judged not in gone:
            chosen = judged
    return chosen
