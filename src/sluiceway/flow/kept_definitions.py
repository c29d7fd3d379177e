"""Kept definitions: what each view that was materialised computes, by its digest, for when it is declared no more."""

from dataclasses import replace
from typing import Any

import msgspec

from sluiceway.core.errors import DeclarationError, UnknownObjectError
from sluiceway.declare.expectation import QUARANTINE, Expectation
from sluiceway.declare.feature import Feature
from sluiceway.declare.feature_view import FeatureView
from sluiceway.declare.source import Source
from sluiceway.plans.corrections import fact_columns
from sluiceway.ports.object_store import ObjectStore

ELSEWHERE = {"source", "features", "apart"}  # what a view has in other words than its kept definition


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


class KeptRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule that set rows of the source apart: those fields of an expectation that say which, and how many may be."""

    kind: str
    at_least: float
    column: str | None = None
    values: tuple[Any, ...] = ()
    low: int | float | str | None = None
    high: int | float | str | None = None
    text: str | None = None
    other: str | None = None
    columns: tuple[str, ...] = ()


class KeptView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What decides a view's values, its source by name, and how far behind it may be; ``apart`` are the source's rules.

    Only those that set rows apart: they are part of the digest, though they say nothing of what a row means.
    """

    name: str
    entity: str | tuple[str, ...]
    source: str
    features: tuple[KeptFeature, ...]
    every: str
    ttl: str | None = None
    windows: str = "known_time"
    lateness: str | None = None
    fresh_within: str | None = None
    apart: tuple[KeptRule, ...] = ()

    @property
    def columns(self) -> set[str]:
        """The columns that it reads, its source's key and times aside."""
        source = Source(self.source, sql="SELECT 1", event_time="unknown")
        return set(fact_columns(self.over(source)))

    def again(self, digest: str, source: Source) -> FeatureView | None:
        """Declare the view with this digest again, whatever rules set rows of its source apart now.

        ``None`` where the source is declared otherwise in anything else.
        """
        views = (self.over(each) for each in (source, self._with_its_rules(source)) if each is not None)
        return next((view for view in views if view.digest == digest), None)

    def over(self, source: Source) -> FeatureView:
        """Declare the view again, over a source that is declared now."""
        features = [Feature(**msgspec.structs.asdict(each)) for each in self.features]
        told = {name: getattr(self, name) for name in self.__struct_fields__ if name not in ELSEWHERE}
        return FeatureView(source=source, features=features, **told)

    def _with_its_rules(self, source: Source) -> Source | None:
        try:
            rules = [Expectation(**msgspec.structs.asdict(each), on_failure=QUARANTINE) for each in self.apart]
            return replace(source, expectations=rules)
        except DeclarationError:  # a later release allows such rules no more
            return None


def keep_definition(view: FeatureView, objects: ObjectStore) -> None:
    """Keep a view's definition; to keep it again changes nothing."""
    features = tuple(
        KeptFeature(**{name: getattr(each, name) for name in KeptFeature.__struct_fields__}) for each in view.features
    )
    told = {name: getattr(view, name) for name in KeptView.__struct_fields__ if name not in ELSEWHERE}
    apart = tuple(
        KeptRule(**{name: getattr(rule, name) for name in KeptRule.__struct_fields__})
        for rule in view.source.expectations
        if rule.on_failure == QUARANTINE
    )
    kept = KeptView(source=view.source.name, features=features, apart=apart, **told)
    objects.put(_key(view.digest), msgspec.json.encode(kept))


def kept_definition(digest: str, objects: ObjectStore) -> KeptView | None:
    """Return a view's definition; ``None`` where none was kept, as by releases before this one."""
    try:
        return msgspec.json.decode(objects.get(_key(digest)), type=KeptView)
    except (UnknownObjectError, msgspec.DecodeError):
        return None


def _key(digest: str) -> str:
    return f"views/{digest}.json"
