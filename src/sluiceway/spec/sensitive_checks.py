"""Sensitive checks: what cannot do without the values of columns that nobody may see."""

from collections.abc import Iterator, Mapping, Sequence

from sluiceway.artifacts.promise import SensitiveColumns
from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.source import Source
from sluiceway.declare.spec import Spec
from sluiceway.plans.sensitive_features import sensitive_features
from sluiceway.spec.findings import Findings

INSTEAD = "use an id that says nothing by itself"


def check_sensitive(
    spec: Spec,
    pipeline: Pipeline,
    sources: Mapping[str, Source],
    columns: Mapping[str, tuple[Column, ...]],
    sensitive: Sequence[SensitiveColumns],
    findings: Findings,
) -> None:
    """Note sensitive columns that no source has, and those that reports, landings or the log cannot do without."""
    known = list(dict.fromkeys(column.name for found in columns.values() for column in found))
    for name in spec.sensitive:
        if name.lower() not in {each.lower() for each in known}:
            findings.note_spec("sensitive", f"sensitive: {UnknownNameError('column', name, known)}")
    by_source = {found.source: found for found in sensitive}
    for said in (*_keys(pipeline, by_source), *_in_the_open(spec, pipeline, by_source), *_times(sources, by_source)):
        findings.note_spec("sensitive", f"sensitive: {said}")


def _is_sensitive(name: str, found: SensitiveColumns | None) -> bool:
    return found is not None and name.lower() in {each.lower() for each in found.columns}


def _because(found: SensitiveColumns) -> str:
    """Say why a column counts, where the spec does not name it."""
    return f" (as the SQL of {found.source} cannot be followed: {found.untraced})" if found.untraced else ""


def _keys(pipeline: Pipeline, by_source: Mapping[str, SensitiveColumns]) -> Iterator[str]:
    each = pipeline.label.each
    found = by_source.get(each.name)
    for name in dict.fromkeys([*each.keys, *(name for view in pipeline.feature_views for name in view.entities)]):
        if found and _is_sensitive(name, found):
            what = f"{name!r} of {each.name} is a key or an entity, by which requests find outcomes and features"
            yield f"{what}; {INSTEAD}{_because(found)}"
    for view in pipeline.feature_views:
        found = by_source.get(view.source.name)
        for name in view.entities:
            if found and _is_sensitive(name, found):
                what = f"{name!r} of {view.source.name} is the entity of view {view.name}"
                yield f"{what}; {INSTEAD}{_because(found)}"


def _in_the_open(spec: Spec, pipeline: Pipeline, by_source: Mapping[str, SensitiveColumns]) -> Iterator[str]:
    """Tell of columns by whose values reports are cut up, or requests are told apart."""

    def hidden(source: str) -> frozenset[str]:
        found = by_source.get(source)
        return frozenset(name.lower() for name in found.columns) if found else frozenset()

    each = hidden(pipeline.label.each.name)
    made = sensitive_features(pipeline, spec.inputs, hidden)
    for where, names in (("acceptance.slices", spec.acceptance.slices), ("rollout.by", spec.rollout.by)):
        for name in names:
            if name.lower() in each or name in made:
                yield f"{where} shows the values of {name!r}; take it out of one"


def _times(sources: Mapping[str, Source], by_source: Mapping[str, SensitiveColumns]) -> Iterator[str]:
    """Tell of times, partitions and cursors that are sensitive: reports and manifests say what they are."""
    for found in by_source.values():
        source = sources[found.source]
        for what, made in (("event_time", source.event_expression), ("known_time", source.known_expression)):
            for name in sorted(made.columns) if made else ():
                if _is_sensitive(name, found):
                    yield (
                        f"the {what} of {source.name} comes from {name!r}; times stand in reports, so give the source "
                        f"another one{_because(found)}"
                    )
        for rule in source.expectations:
            if rule.kind == "fresh" and rule.column and _is_sensitive(rule.column, found):
                yield f"fresh(partition={rule.column!r}) of {source.name} names partitions in reports{_because(found)}"
        cursor = source.extract.cursor if source.extract else None
        if cursor and _is_sensitive(cursor, found):
            yield f"{cursor!r} is the cursor of {source.name}, which the manifest and progress tell; {INSTEAD}"
