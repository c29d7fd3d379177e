"""Sweeping: what nothing needs any more is named first, and removed only then."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.object_keys import FETCHED, object_key
from sluiceway.core.errors import DamagedError, MisuseError
from sluiceway.core.moments import iso, parse_moment
from sluiceway.flow.cache import artifact_key, evidence
from sluiceway.flow.kit import Kit, Settings
from sluiceway.flow.reaching import Identities, Reach, References, first_hand, identities_in
from sluiceway.flow.reference import dataset_versions
from sluiceway.flow.spooled import read_upto
from sluiceway.flow.stream_states import StreamStates
from sluiceway.ledger.making import everything_made
from sluiceway.ledger.sweeping import record_swept, swept
from sluiceway.ports.sweepable import OBJECT, TABLE, Leftover, Sweepable, view_key

# What may be swept. Anything else in the store stays: the evidence, declarations, what servers look at.
SWEPT_FOLDERS = ("files/", "models/", "bundles/", "reports/", "rollouts/canaries/", "health/live/")
TOKEN = re.compile(r"[0-9a-f]{12,64}")
SPOOLED = "spool@"
TABLE_KEY = re.compile(r"@[0-9a-f]{64}$")
SHORT = 12
FEATURES = "features"
NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Keeper:
    """Tells of a key whether what it names is needed: by the first SHA-256, or beginning of one, that it holds.

    A beginning and a whole are taken for the same when their first twelve digits are. ``in_vain`` names keys that go
    whatever they are called. An online store may be shared: views that this project did not make, which are not among
    ``own``, stay. ``read_upto`` tells of topics of a spool before which offset nobody reads them.
    """

    needed: Identities
    in_vain: frozenset[str] = frozenset()
    own: Identities = frozenset()
    read_upto: Mapping[str, int] = field(default_factory=dict)
    short: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "short", frozenset(identity[:SHORT] for identity in self.needed))

    def keeps_object(self, key: str) -> bool:
        """Whether an object stays."""
        if key in self.in_vain:
            return False
        token = TOKEN.search(key.rpartition("/")[2])
        if not key.startswith(SWEPT_FOLDERS) or token is None:
            return True
        return token[0][:SHORT] in self.short

    def keeps_table(self, key: str) -> bool:
        """Whether a table's content stays."""
        return key.rpartition("@")[2][:SHORT] in self.short

    def keeps_view(self, key: str) -> bool:
        """Whether a view of an online store stays."""
        digest = key.removeprefix(view_key(""))
        return digest not in self.own or digest[:SHORT] in self.short

    def keeps_segment(self, key: str) -> bool:
        """Whether a piece of a spool stays."""
        topic, _, upto = key.split("@")[1:]
        return int(upto) > self.read_upto.get(topic, 0)

    def keeps(self, key: str) -> bool:
        """Whether what a key of any kind names stays."""
        if key.startswith(SPOOLED):
            return self.keeps_segment(key)
        if key.startswith(view_key("")):
            return self.keeps_view(key)
        return self.keeps_table(key) if TABLE_KEY.search(key) else self.keeps_object(key)


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What would go: ``found`` by store, and the dataset ``versions`` that cannot be restored after it.

    ``kept`` says of each dataset version that stays why it does.
    """

    found: tuple[tuple[Leftover, ...], ...]
    versions: tuple[DatasetVersion, ...]
    kept: dict[str, tuple[str, ...]]

    def of_kind(self, kind: str) -> list[Leftover]:
        """What would go of a kind."""
        return [each for found in self.found for each in found if each.kind == kind]

    @property
    def size_bytes(self) -> int:
        """What that would free."""
        return sum(each.size_bytes for found in self.found for each in found)


def plan_sweep(kit: Kit, settings: Settings, *, last: int, lost_for_good: bool = False) -> SweepPlan:
    """Find what nothing needs; nothing is removed.

    Args:
        kit: Every store, and the ledger.
        settings: May pin a reference version.
        last: How many of the newest dataset versions stay in any case, at least 1.
        lost_for_good: Go on although the evidence of something needed is gone, by what the ledger knows of it.

    Raises:
        MisuseError: ``last`` is below 1.
        DamagedError: the evidence of something needed is gone, so that nobody can say what it points to.
    """
    if last < 1:
        raise MisuseError(f"--keep {last}: at least the newest version stays; give 1 or more")
    if not lost_for_good:
        _require_whole_ledger(kit)
    reach, references = first_hand(kit, settings, last=last), References(kit)
    needed = references.from_(reach.reasons)
    if references.lost and not lost_for_good:
        raise DamagedError(
            f"what is still needed cannot be told: the store has no evidence of {_named(references.lost)}. Nothing was "
            "removed. Bring .sluiceway/objects/artifacts back from a copy, or make it again (sluiceway run); if it is "
            "lost for good, --lost-for-good goes by what the ledger knows"
        )
    keeper = Keeper(needed | reach.leaves, own=own_views(kit), read_upto=read_upto(kit))
    keeper = replace(keeper, in_vain=notes_in_vain(kit, keeper))
    found = tuple(tuple(store.leftovers(keeper.keeps)) for store in _stores(kit))
    versions = dataset_versions(kit)
    going = {each.key for store in found for each in store}
    gone = swept(kit.ledger)
    hurt = tuple(each for key, each in versions.items() if key not in needed | gone.keys() and _is_hurt(each, going))
    kept = {version: _reasons(version, reach, references) for version in versions if version in needed - gone.keys()}
    return SweepPlan(found, hurt, kept)


def _stores(kit: Kit) -> Sequence[Sweepable]:
    panes = kit.panes()
    return kit.sweepable if panes is None else (*kit.sweepable, StreamStates(panes))


def _require_whole_ledger(kit: Kit) -> None:
    """Refuse where the store is older than the ledger: pins and verdicts may be lost with an earlier one."""
    first = next(iter(kit.ledger.entries()), None)
    if first is None:
        return
    began = parse_moment(first.recorded_at)
    known = {artifact_key(each.recipe) for _, each in everything_made(kit.ledger)}
    stored = kit.objects.list("artifacts")
    older = [info.key for info in stored if info.modified_at < began and info.key not in known]
    if older:
        raise DamagedError(
            f"the ledger began at {iso(began)} and knows nothing of {len(older):,} artifacts that were stored before, "
            f"such as {older[0]}: what was pinned or promised of them cannot be told. Nothing was removed. Put "
            ".sluiceway/ledger.db back from a copy; if it is lost for good, --lost-for-good goes by what there is"
        )


def own_views(kit: Kit) -> Identities:
    """Find what the feature sets of this project name, their views among it."""
    made = [each for _, each in everything_made(kit.ledger) if each.node == FEATURES]
    return frozenset(identities_in(*(text for each in made if (text := evidence(each, kit)) is not None)))


def notes_in_vain(kit: Kit, keeper: Keeper) -> frozenset[str]:
    """Find the notes of what was fetched that nothing needs: they remember it for the next run, and keep nothing."""
    notes = {info.key: kit.objects.get(info.key).decode(errors="replace") for info in kit.objects.list(FETCHED)}
    return frozenset(note for note, sha256 in notes.items() if not keeper.keeps_object(object_key(sha256)))


def sweep(plan: SweepPlan, kit: Kit) -> None:
    """Put on record what goes, then remove it. A kill in between does no harm: the next sweep removes the rest.

    Whoever calls holds every lock under which something is written, from before the plan was made.

    Raises:
        SourceError: a store refuses.
    """
    if not any(plan.found):
        return
    record_swept(
        kit.ledger,
        versions=[version.content_id for version in plan.versions],
        objects=len(plan.of_kind(OBJECT)),
        tables=len(plan.of_kind(TABLE)),
        size_bytes=plan.size_bytes,
    )
    for store, found in zip(_stores(kit), plan.found, strict=True):
        store.remove(found)


def _reasons(version: str, reach: Reach, references: References) -> tuple[str, ...]:
    """Say what needs a version, at first hand or through others."""
    roots = [root for root in reach.reasons if version in references.from_([root])]
    return tuple(dict.fromkeys(said for root in roots for said in reach.reasons[root]))


def _is_hurt(version: DatasetVersion, going: set[str]) -> bool:
    """Whether a version loses a file or a table."""
    keys = [entry.object_key for entry in version.files]
    return not going.isdisjoint([*keys, *(f"{table.name}@{table.content_id}" for table in version.tables)])


def _named(lost: Collection[str]) -> str:
    first = [f"{node} {identity[:SHORT]}" for node, identity in map(str.split, sorted(lost))]
    more = f" and {len(first) - NAMED_AT_MOST} more" if len(first) > NAMED_AT_MOST else ""
    return ", ".join(first[:NAMED_AT_MOST]) + more
