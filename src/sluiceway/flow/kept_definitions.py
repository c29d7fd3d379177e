"""Kept definitions: what each view that was materialised computes, by its digest, for when it is declared no more."""

import msgspec

from sluiceway.core.errors import UnknownObjectError
from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.source import Source
from sluiceway.ports.object_store import ObjectStore


class KeptFeature(msgspec.Struct, frozen=True, omit_defaults=True):
    """What decides a feature's values."""

    kind: str
    column: str | None = None
    over: str | None = None
    fresh: bool = False
    given_name: str | None = None
    where: str | None = None
    expression: str | None = None
    size: int | None = None


class KeptView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What decides a view's values, its source by name, and how far behind it may be."""

    name: str
    entity: str | tuple[str, ...]
    source: str
    features: tuple[KeptFeature, ...]
    every: str
    ttl: str | None = None
    windows: str = "known_time"
    lateness: str | None = None
    fresh_within: str | None = None

    def over(self, source: Source) -> FeatureView:
        """Declare the view again, over a source that is declared now."""
        features = [Feature(**msgspec.structs.asdict(each)) for each in self.features]
        told = {name: getattr(self, name) for name in self.__struct_fields__ if name not in {"source", "features"}}
        return FeatureView(source=source, features=features, **told)


def keep_definition(view: FeatureView, objects: ObjectStore) -> None:
    """Keep a view's definition; to keep it again changes nothing."""
    features = tuple(
        KeptFeature(**{name: getattr(each, name) for name in KeptFeature.__struct_fields__}) for each in view.features
    )
    told = {name: getattr(view, name) for name in KeptView.__struct_fields__ if name not in {"source", "features"}}
    kept = KeptView(source=view.source.name, features=features, **told)
    objects.put(_key(view.digest), msgspec.json.encode(kept))


def kept_definition(digest: str, objects: ObjectStore) -> KeptView | None:
    """Return a view's definition; ``None`` where none was kept, as by releases before this one."""
    try:
        return msgspec.json.decode(objects.get(_key(digest)), type=KeptView)
    except (UnknownObjectError, msgspec.DecodeError):
        return None


def _key(digest: str) -> str:
    return f"views/{digest}.json"
