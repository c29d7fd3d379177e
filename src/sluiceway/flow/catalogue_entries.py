"""What the catalogue gathers: declared features, set beside the data, a feature set, the ledger and the registry."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sluiceway.artifacts.candidate import Candidate
from sluiceway.artifacts.catalogue import Catalogue, Entry, View, ViewVersion
from sluiceway.artifacts.codec import decode
from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.artifacts.feature_set import FeatureSet
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.promise import Promise
from sluiceway.core.duration import format_duration
from sluiceway.core.moments import iso
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.project import Project
from sluiceway.flow.cache import evidence
from sluiceway.flow.column_lineage import ColumnLineage
from sluiceway.flow.declared_features import declared_entries
from sluiceway.flow.kit import Kit
from sluiceway.ledger.making import everything_made
from sluiceway.ledger.running import published
from sluiceway.spec.parse import parse_spec

FILES_AT_MOST = 20


def catalogue_of(
    kit: Kit, project: Project, dataset: DatasetVersion | None, promise: Promise | None, made: FeatureSet | None
) -> Catalogue:
    """Gather what is known of every declared feature, with figures of one feature set.

    Without a dataset that is what the declaration says, which knows no types of columns and no files.

    Raises:
        MisuseError: the dataset lacks a declared source.
        UnknownNameError, DeclarationError: the declaration does not fit the data.
    """
    from sluiceway.features.binding import check_binding

    if dataset is not None and promise is not None:
        check_binding(dataset, project.pipeline, promise.spec.inputs)
    gathering = _Gathering(kit, project, dataset, promise, made)
    return Catalogue(
        project=parse_spec(project.spec_text, path=project.pipeline.spec).problem.name,
        dataset=dataset.content_id if dataset else "",
        feature_set=made.content_id if made else "",
        cutoff=iso(made.cutoff) if made else "",
        entries=tuple(gathering.entries()),
        views=tuple(gathering.views()),
    )


class _Gathering:
    """Gathers one project's catalogue."""

    def __init__(
        self,
        kit: Kit,
        project: Project,
        dataset: DatasetVersion | None,
        promise: Promise | None,
        made: FeatureSet | None,
    ) -> None:
        self._kit, self._dataset, self._made = kit, dataset, made
        self._pipeline = project.pipeline
        self._types, self._hidden = _of_data(project.pipeline, dataset, promise)
        self._lineage = ColumnLineage(project, dataset) if dataset else None
        self._models = registered_bundles(kit)

    def entries(self) -> Iterator[Entry]:
        """Yield every feature, in the order of the declaration."""
        yield from map(self._completed, declared_entries(self._pipeline))

    def _completed(self, entry: Entry) -> Entry:
        """Add what is known beyond the declaration."""
        traced = self._lineage.of_use(entry.name) if self._lineage else None
        raw = (traced.raw if traced else ()) or tuple((entry.source, column) for column in entry.columns)
        return replace(
            entry,
            type=self._types.get(entry.name, entry.type),
            columns=tuple(self._made_of(entry)),
            raw=tuple(f"{table}.{column}" for table, column in raw),
            files=self._files({table for table, _ in raw} or {entry.source}),
            untraceable=traced.untraceable.get(entry.source, "") if traced else "",
            models=tuple(version for version, bundle in self._models.items() if entry.name in _taken(bundle)),
            is_sensitive=entry.name in self._hidden,
            profile=self._made.profiles.get(entry.name) if self._made else None,
        )

    def _made_of(self, entry: Entry) -> Iterator[str]:
        """Name what a feature is made of: columns of its source, and of the request also other features."""
        others = {name.lower(): name for view in self._pipeline.feature_views for name in view.columns}
        others |= {name.lower(): name for name in self._pipeline.request_columns}
        for column in entry.columns:
            is_other = entry.origin == "request" and column.lower() in others
            yield others[column.lower()] if is_other else f"{entry.source}.{column}"

    def _files(self, sources: set[str]) -> tuple[str, ...]:
        """Name the files of sources, and of those that they read."""
        if self._dataset is None:
            return ()
        reads = {facts.name: set(facts.reads) for facts in self._dataset.sources}
        wanted, waiting = set[str](), set(sources)
        while waiting:
            name = waiting.pop()
            wanted.add(name)
            waiting |= reads.get(name, set()) - wanted
        paths = list(dict.fromkeys(entry.path for entry in self._dataset.files if entry.source in wanted))
        more = [f"and {len(paths) - FILES_AT_MOST:,} more"] if len(paths) > FILES_AT_MOST else []
        return (*paths[:FILES_AT_MOST], *more)

    def views(self) -> Iterator[View]:
        """Yield every view, in the order of the declaration."""
        known, models = _made_before(self._kit), self._models
        for view in self._pipeline.feature_views:
            first = {**known.get(view.name, {})}
            first.setdefault(view.digest, "")
            for bundle in models.values():
                first.setdefault(bundle.views.get(view.name, view.digest), "")
            yield View(
                name=view.name,
                entity=view.entities,
                source=view.source.name,
                owner=view.owner,
                description=view.description,
                tags=tuple(view.tags),
                every=view.every,
                ttl=view.ttl or "",
                digest=view.digest,
                features=view.columns,
                versions=tuple(
                    ViewVersion(digest, when, _pinning(models, view.name, digest), digest == view.digest)
                    for digest, when in first.items()
                ),
                freshness=self._made.freshness.get(view.name) if self._made else None,
                may_be_behind=format_duration(view.may_be_behind) if view.may_be_behind else "",
            )


def _of_data(
    pipeline: Pipeline, dataset: DatasetVersion | None, promise: Promise | None
) -> tuple[dict[str, str], frozenset[str]]:
    """Tell what only the data tells: the type of each of the model's columns, and which come of sensitive ones."""
    from sluiceway.features.training_table import model_columns
    from sluiceway.plans.sensitive_features import sensitive_features

    if dataset is None or promise is None:
        return {}, frozenset()
    inputs = promise.spec.inputs
    types = {column.name: column.type for column in model_columns(dataset, pipeline, inputs)}
    return types, frozenset(sensitive_features(pipeline, inputs, promise.hidden))


def registered_bundles(kit: Kit) -> dict[str, ModelBundle]:
    """Return the bundle of every registered version whose evidence is there, by its name: ``late_arrival v3``."""
    made = {each.content_id: each for _, each in everything_made(kit.ledger) if each.node == "evaluate"}
    found = {}
    for content_id, told in published(kit.ledger).items():
        data = evidence(made[content_id], kit) if "version" in told and content_id in made else None
        if data is not None:
            found[f"{told['model']} v{told['version']}"] = decode(Candidate, data).bundle
    return found


def _made_before(kit: Kit) -> dict[str, dict[str, str]]:
    """Tell which digests each view was made under, and when first."""
    found: dict[str, dict[str, str]] = {}
    for entry, made in everything_made(kit.ledger):
        data = evidence(made, kit) if made.node == "features" else None
        if data is not None:
            for view, digest in decode(FeatureSet, data).views.items():
                found.setdefault(view, {}).setdefault(digest, entry.recorded_at)
    return found


def _pinning(models: Mapping[str, ModelBundle], view: str, digest: str) -> tuple[str, ...]:
    return tuple(version for version, bundle in models.items() if bundle.views.get(view) == digest)


def _taken(bundle: ModelBundle) -> set[str]:
    return {column.name for column in bundle.columns}
