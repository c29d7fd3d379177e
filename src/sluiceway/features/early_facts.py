"""Early facts: sources that claim to know an outcome before the label's source says that anyone could.

A source's column states the outcome when, under the same key, it has the name of a column that the label's condition
reads, or is made from every raw column that one is made from, or agrees with one on 99 % of the keys whose outcome is
not the most common value (agreement on the common value proves little). How early it is: the share of shared keys that
it knew before the label's source did.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from sluiceway.artifacts.feature_set import EarlyFact
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.features.point_in_time import Facts
from sluiceway.features.raw_origins import raw_origins
from sluiceway.plans.quoting import listed, quoted, same

AGREEMENT = 0.99


def find_early_facts(facts: Facts, project: Project, inputs: Sequence[str]) -> tuple[EarlyFact, ...]:
    """Look through the features' sources, and the inputs, for outcomes known before the label's source knows them."""
    found: list[EarlyFact] = []
    for source, columns in _suspects(project.pipeline, inputs).values():
        found += _early_in(facts, project, source, columns)
    return tuple(sorted(found, key=lambda fact: (fact.source, fact.column)))


def _suspects(pipeline: Pipeline, inputs: Sequence[str]) -> dict[str, tuple[Source, set[str]]]:
    label = pipeline.label
    suspects: dict[str, tuple[Source, set[str]]] = {}
    asked = set() if label.each.is_timeless else set(inputs) - set(label.each.keys)
    for source, columns in [
        (label.each, asked),
        *((view.source, _columns(view.features)) for view in pipeline.feature_views),
    ]:
        if source.name != label.source.name and source.keys == label.source.keys and columns:
            suspects.setdefault(source.name, (source, set()))[1].update(columns)
    return suspects


def _columns(features: Sequence[object]) -> set[str]:
    return {str(column) for feature in features if (column := getattr(feature, "column", None))}


def _early_in(facts: Facts, project: Project, source: Source, columns: set[str]) -> Iterator[EarlyFact]:
    label = project.pipeline.label
    here, there = (raw_origins(project, facts.dataset, name) for name in (source.name, label.source.name))
    outcomes = sorted(_spelled(facts, label.source.name, label.condition.columns))
    keys = list(source.keys)
    suspect = _read(facts, source, sorted(columns | set(keys)))
    outcome = _read(facts, label.source, sorted({*outcomes, *keys}))
    for column in sorted(columns):
        made = here.get(column, frozenset())
        traced = any(there.get(name) and there[name] <= made for name in outcomes)
        if traced or any(_states(facts, keys, (column, suspect), (name, outcome)) for name in outcomes):
            share = facts.ask(_share_sql(keys), suspect=suspect, outcome=outcome).column(0)[0].as_py()
            if share:
                yield EarlyFact(source.name, column, float(share))


def _spelled(facts: Facts, source: str, columns: frozenset[str]) -> set[str]:
    """Spell an expression's columns as the source does: names match without regard to case."""
    wanted = {column.lower() for column in columns}
    return {column.name for column in facts.dataset.table(source).columns if column.name.lower() in wanted}


def _read(facts: Facts, source: Source, columns: Sequence[str]) -> pa.Table:
    return facts.tables.read(facts.dataset.table(source.name), [*columns, "_known_time"])


def _states(facts: Facts, keys: Sequence[str], suspect: tuple[str, pa.Table], outcome: tuple[str, pa.Table]) -> bool:
    if suspect[0].lower() == outcome[0].lower():
        return True
    if _kind(suspect) != _kind(outcome):
        return False
    sql = _agreement_sql(keys, suspect[0], outcome[0])
    share = facts.ask(sql, suspect=suspect[1], outcome=outcome[1]).column(0)[0].as_py()
    return share is not None and share >= AGREEMENT


def _kind(column: tuple[str, pa.Table]) -> str:
    kind = column[1].schema.field(column[0]).type
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return "number" if numeric else str(kind)


def _agreement_sql(keys: Sequence[str], suspect: str, outcome: str) -> str:
    usual = f"SELECT mode({quoted(outcome)}) FROM outcome"
    agree = f"suspect.{quoted(suspect)} IS NOT DISTINCT FROM outcome.{quoted(outcome)}"
    unusual = f"outcome.{quoted(outcome)} IS NOT NULL AND outcome.{quoted(outcome)} <> ({usual})"
    joined = f"suspect JOIN outcome ON {same(keys, 'suspect', 'outcome')}"
    return f"SELECT avg(CAST({agree} AS DOUBLE)) FROM {joined} WHERE {unusual}"


def _share_sql(keys: Sequence[str]) -> str:
    first = f"SELECT {listed(keys)}, min(_known_time) AS _first FROM {{}} GROUP BY {listed(keys)}"
    return (
        f"SELECT avg(CAST(s._first < o._first AS DOUBLE)) FROM ({first.format('suspect')}) s "
        f"JOIN ({first.format('outcome')}) o ON {same(keys, 's', 'o')}"
    )
