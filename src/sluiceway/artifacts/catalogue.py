"""The catalogue: every feature that is declared, with what is known of it, its past and its use."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from sluiceway.artifacts.feature_profile import FeatureProfile, ViewFreshness


@dataclass(frozen=True, slots=True)
class Entry:
    """One feature. ``view`` is empty for one of the request; ``origin`` is ``view`` or ``request``.

    ``definition`` is in words; ``columns`` are those it is made from in its source, ``raw`` in files, both as
    ``source.column``; ``files`` are the files that hold those. ``digest`` identifies the definition. ``models`` are the
    registered versions that take it. Of a list of ``size`` numbers, ``one_of`` names the list.
    """

    name: str
    origin: str
    source: str
    window: str
    definition: str
    digest: str
    columns: tuple[str, ...]
    view: str = ""
    type: str = ""
    unit: str = ""
    owner: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    entity: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    untraceable: str = ""
    models: tuple[str, ...] = ()
    is_sensitive: bool = False
    profile: FeatureProfile | None = None
    one_of: str = ""
    size: int = 0


def gathered(entries: Iterable[Entry]) -> list[Entry]:
    """Put the numbers of one list, which would fill a screen, together as one entry such as ``embedding[768]``.

    Its coverage is that of the emptiest of them; it has no examples.
    """
    found: list[Entry] = []
    for whole, several in groupby(entries, key=lambda each: each.one_of):
        own = list(several)
        found += [_together(whole, own)] if whole else own
    return found


def _together(whole: str, own: list[Entry]) -> Entry:
    profiles = [each.profile for each in own if each.profile is not None]
    trained = [each.trained for each in profiles if each.trained is not None]
    online = [each.online for each in profiles if each.online is not None]
    least = FeatureProfile(min(trained, default=None), min(online, default=None)) if profiles else None
    models = tuple(dict.fromkeys(model for each in own for model in each.models))
    return replace(own[0], name=f"{whole}[{own[0].size}]", models=models, profile=least)


@dataclass(frozen=True, slots=True)
class ViewVersion:
    """A definition of a view that was made once: when first (ISO 8601), and the registered models that pin it."""

    digest: str
    first_made: str
    models: tuple[str, ...]
    is_declared: bool


@dataclass(frozen=True, slots=True)
class View:
    """One view with its features' names, every version of it that is known, and how fresh the newest set has it.

    ``may_be_behind`` is how far behind a request it may be when it is served, such as ``2h``; empty where nothing says.
    """

    name: str
    entity: tuple[str, ...]
    source: str
    owner: str
    description: str
    tags: tuple[str, ...]
    every: str
    ttl: str
    digest: str
    features: tuple[str, ...]
    versions: tuple[ViewVersion, ...]
    freshness: ViewFreshness | None
    may_be_behind: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that is declared. ``feature_set`` is the set that profiles are of, empty before the first."""

    project: str
    dataset: str
    feature_set: str
    cutoff: str
    entries: tuple[Entry, ...]
    views: tuple[View, ...]
