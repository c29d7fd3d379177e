"""Sensitive columns: those that the spec names, and those whose values are made of them."""

from collections.abc import Mapping, Sequence

from sluiceway.artifacts.promise import SensitiveColumns
from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import SourceError, UnknownNameError
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.source import Source
from sluiceway.declare.spec import Spec
from sluiceway.plans.lineage import column_lineage
from sluiceway.spec.findings import Findings

Columns = Mapping[str, tuple[Column, ...]]
INSTEAD = "use an id that says nothing by itself"


def sensitive_columns(
    spec: Spec, sources: Mapping[str, Source], columns: Columns, own: Columns
) -> tuple[SensitiveColumns, ...]:
    """Follow the columns that a spec names through all the SQL between sources.

    Args:
        spec: Names them; a name holds in every source.
        sources: What is declared, each after those that its SQL reads.
        columns: The columns of every source.
        own: The columns of the files of sources that have files and SQL.
    """
    if not spec.sensitive:
        return ()
    named = {name.lower() for name in spec.sensitive}
    hidden: dict[str, frozenset[str]] = {}
    found = []
    for name in sources:
        made, untraced = _made_of_hidden(sources[name], columns, own, hidden, named)
        here = [each.name for each in columns[name] if each.name.lower() in named or each.name.lower() in made]
        hidden[name] = frozenset(each.lower() for each in here)
        if here or untraced:
            found.append(SensitiveColumns(name, tuple(here), untraced))
    return tuple(found)


def _made_of_hidden(
    source: Source, columns: Columns, own: Columns, hidden: Mapping[str, frozenset[str]], named: set[str]
) -> tuple[set[str], str]:
    """Name the outputs of a source's SQL that are made of sensitive columns, or say why that cannot be told."""
    if source.sql is None:
        return set(), ""
    schemas = {name: _names(columns[name]) for name in hidden}
    if source.name in own:
        schemas[source.name] = _names(own[source.name])
    try:
        traced = column_lineage(source.sql, schemas)
    except SourceError as error:
        return set(), str(error) if any(hidden.values()) else ""

    def is_hidden(table: str, column: str) -> bool:
        return column.lower() in (named if table == source.name else hidden[table])

    return {name.lower() for name, origins in traced.items() if any(is_hidden(*each) for each in origins)}, ""


def check_sensitive(
    spec: Spec, pipeline: Pipeline, columns: Columns, sensitive: Sequence[SensitiveColumns], findings: Findings
) -> None:
    """Note sensitive columns that no source has, and those that a report or the request log cannot do without."""
    known = list(dict.fromkeys(column.name for found in columns.values() for column in found))
    for name in spec.sensitive:
        if name not in known:
            findings.note_spec("sensitive", f"sensitive: {UnknownNameError('column', name, known)}")
    hidden = {each.source: {name.lower() for name in each.columns} for each in sensitive}
    label = pipeline.label
    each = hidden.get(label.each.name, set())
    for name in dict.fromkeys([*label.each.keys, *(name for view in pipeline.feature_views for name in view.entities)]):
        if name.lower() in each:
            what = f"{name!r} of {label.each.name} is a key or an entity, by which requests find outcomes and features"
            findings.note_spec("sensitive", f"sensitive: {what}; {INSTEAD}")
    for view in pipeline.feature_views:
        for name in view.entities:
            if name.lower() in hidden.get(view.source.name, set()):
                what = f"{name!r} of {view.source.name} is the entity of view {view.name}"
                findings.note_spec("sensitive", f"sensitive: {what}; {INSTEAD}")
    _check_in_the_open(spec, pipeline, each, findings)


def _check_in_the_open(spec: Spec, pipeline: Pipeline, each: set[str], findings: Findings) -> None:
    """Note columns by whose values reports are cut up, or requests are told apart."""
    made = [
        name
        for name, expression in pipeline.request_columns.items()
        if any(column.lower() in each for column in expression.columns)
    ]
    for where, names in (("acceptance.slices", spec.acceptance.slices), ("rollout.by", spec.rollout.by)):
        for name in names:
            if name.lower() in each or name in made:
                findings.note_spec("sensitive", f"sensitive: {where} shows the values of {name!r}; take it out of one")


def check_times(sources: Mapping[str, Source], sensitive: Sequence[SensitiveColumns], findings: Findings) -> None:
    """Note times that are made of sensitive columns: when something was known stands in every report."""
    for found in sensitive:
        hidden, source = {name.lower() for name in found.columns}, sources[found.source]
        for what, made in (("event_time", source.event_expression), ("known_time", source.known_expression)):
            for name in sorted(made.columns) if made else ():
                if name.lower() in hidden:
                    findings.note_spec(
                        "sensitive",
                        f"sensitive: the {what} of {source.name} comes from {name!r}; times stand in reports, so give "
                        "the source another one",
                    )


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]
