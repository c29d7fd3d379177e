"""Streamed sources: what a declaration says of them, kept so that nothing of the user's is imported to follow them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, DatasetVersion
from sluiceway.artifacts.event_intake import EventIntake, RowTime, StreamedSource
from sluiceway.artifacts.serving_contract import Field
from sluiceway.declare.project import Project
from sluiceway.declare.stream import Topic
from sluiceway.flow.kit import Kit
from sluiceway.flow.pinned_views import columns_of_models


@dataclass(frozen=True, slots=True)
class Streamed:
    """A source with a topic, and its key. ``event`` and ``known`` are its two times, ``columns`` what views read."""

    topic: Topic
    event: str
    known: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]


def streams_of(project: Project) -> dict[str, Streamed]:
    """Name every streamed source of a project."""
    from sluiceway.plans.corrections import fact_columns

    found = {}
    for name, source in project.sources.items():
        if source.stream is not None and source.event_time is not None:
            views = [view for view in project.pipeline.feature_views if view.source.name == name]
            columns = tuple(sorted({column for view in views for column in fact_columns(view)}))
            known = source.known_time or source.event_time
            found[name] = Streamed(source.stream, source.event_time, known, columns, source.keys)
    return found


def intake_of(streams: Mapping[str, Streamed], dataset: DatasetVersion, kit: Kit) -> EventIntake:
    """Say what an event of each must hold, by the tables as they are; also for views that only models read any more."""
    pinned, sources = columns_of_models(kit) if streams else {}, sorted(streams.items())
    return EventIntake(tuple(_intake(name, each, dataset, pinned.get(name, ())) for name, each in sources))


def table_kinds(dataset: DatasetVersion, source: str) -> dict[str, str]:
    """Give each column of a source's table with its kind, its two times aside."""
    columns = dataset.table(source).columns
    return {each.name: each.type for each in columns if each.name not in {EVENT_TIME, KNOWN_TIME}}


def _intake(name: str, streamed: Streamed, dataset: DatasetVersion, pinned: Collection[str]) -> StreamedSource:
    kinds = table_kinds(dataset, name)
    return StreamedSource(
        name,
        streamed.topic.name,
        streamed.topic.format,
        streamed.topic.keys,
        tuple(Field(column, kind) for column, kind in kinds.items()),
        _time(streamed.event, kinds),
        _time(streamed.known, kinds),
        streamed.keys,
        streamed.topic.lateness,
        tuple(sorted({*streamed.columns, *pinned} & kinds.keys())),
    )


def _time(text: str, kinds: Mapping[str, str]) -> RowTime:
    from sluiceway.declare.expression import parse_expression
    from sluiceway.declare.expression_kind import column_named

    expression = parse_expression(text)
    return RowTime(expression.tree, tuple(dict.fromkeys(column_named(name, kinds) for name in expression.columns)))
