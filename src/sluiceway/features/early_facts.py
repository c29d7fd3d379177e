"""Early facts: sources that claim to know an outcome before the label's source says that anyone could.

A source's column states the outcome when, under the same key,

- it has the name of a column that the label's condition reads; or
- it is made from every raw column that one is made from (unless the label's source looks across rows: then sharing
  columns proves nothing); or
- it agrees with one, or (inputs apart, which gate 5 looks at alone) with the condition itself, on 99 % of the keys.
  Of an outcome of many values only the keys count that have another than the most common one, on which agreement
  proves little; of one that is true or false both sides count, and saying the opposite is saying it.

A source's rows state it when having a row agrees with the condition on 99 % of the keys, both ways. How early it is:
the share of shared keys that it knew before the label's source did.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME, TABLES_FOLDER
from sluiceway.artifacts.feature_set import EarlyFact
from sluiceway.artifacts.rows import Rows
from sluiceway.declare.pipeline import Pipeline
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.features.point_in_time import Facts
from sluiceway.plans.ancestry import Ancestry
from sluiceway.plans.quoting import listed, quoted, same

AGREEMENT = 0.99
CONDITION = "(condition)"
ROWS = "(rows)"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the label's source says: its rows with the condition's columns, by keys, and the condition itself."""

    each: str
    source: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    table: pa.Table


def find_early_facts(facts: Facts, project: Project, inputs: Sequence[str]) -> tuple[EarlyFact, ...]:
    """Look through the features' sources, and the inputs, for outcomes known before the label's source knows them."""
    suspects = _suspects(project.pipeline, inputs)
    if not suspects:
        return ()
    outcome = _outcome(facts, project.pipeline)
    ancestry = Ancestry(project.sources, _columns_of(facts))
    found: list[EarlyFact] = []
    for source, columns in suspects.values():
        suspect = facts.whole(source.name, sorted(columns | {*source.keys, KNOWN_TIME}))
        share = facts.ask(_share_sql(outcome.keys), suspect=suspect, outcome=outcome.table).column(0)[0].as_py()
        if share:
            stating = _stating(facts, source.name, columns, suspect, outcome=outcome, ancestry=ancestry)
            found += [EarlyFact(source.name, name, float(share)) for name in stating]
    return tuple(sorted(found, key=lambda fact: (fact.source, fact.column)))


def _suspects(pipeline: Pipeline, inputs: Sequence[str]) -> dict[str, tuple[Source, set[str]]]:
    label = pipeline.label
    suspects: dict[str, tuple[Source, set[str]]] = {}
    asked = set() if label.each.is_timeless else set(inputs) - set(label.each.keys)
    candidates = [
        (view.source, {column for feature in view.features for column in feature.reads})
        for view in pipeline.feature_views
    ]
    for source, columns in [*([(label.each, asked)] if asked else []), *candidates]:
        if source.name != label.source.name and source.keys == label.source.keys:
            suspects.setdefault(source.name, (source, set()))[1].update(columns)
    return suspects


def _columns_of(facts: Facts) -> dict[str, list[str]]:
    times = {EVENT_TIME, KNOWN_TIME}
    return {
        table.name.removeprefix(TABLES_FOLDER): [name for name in table.column_names if name not in times]
        for table in facts.dataset.tables
        if table.name.startswith(TABLES_FOLDER)
    }


def _outcome(facts: Facts, pipeline: Pipeline) -> Outcome:
    label = pipeline.label
    ref = facts.dataset.table(label.source.name)
    wanted = {column.lower() for column in label.condition.columns}
    columns = tuple(sorted(name for name in ref.column_names if name.lower() in wanted))
    rows = facts.whole(label.source.name, sorted({*columns, *label.source.keys, KNOWN_TIME}))
    table = facts.ask(f'SELECT *, {label.condition.sql} AS "{CONDITION}" FROM rows_of_label', rows_of_label=rows)
    return Outcome(label.each.name, label.source.name, label.source.keys, columns, table)


def _stating(
    facts: Facts, source: str, columns: set[str], suspect: pa.Table | Rows, *, outcome: Outcome, ancestry: Ancestry
) -> Iterator[str]:
    tables: dict[str, pa.Table | Rows] = {"suspect": suspect, "outcome": outcome.table}
    compared = outcome.columns if source == outcome.each else (*outcome.columns, CONDITION)
    for column in sorted(columns):
        named = column.lower() in {name.lower() for name in outcome.columns}
        if (
            named
            or _made_from(ancestry, source, column, outcome)
            or any(
                _agrees(facts, sql, tables)
                for name in compared
                if (sql := _agreement_sql(outcome.keys, column, name, tables))
            )
        ):
            yield column
    if _agrees(facts, _existence_sql(outcome.keys), tables):
        yield ROWS


def _made_from(ancestry: Ancestry, source: str, column: str, outcome: Outcome) -> bool:
    if ancestry.mixes_rows(outcome.source):
        return False
    made = ancestry.of(source, column)
    return any(ancestry.of(outcome.source, name) <= made for name in outcome.columns)


def _agrees(facts: Facts, sql: str, tables: dict[str, pa.Table | Rows]) -> bool:
    shares = facts.ask(sql, **tables).to_pylist()[0].values()
    return any(share is not None and share >= AGREEMENT for share in shares)


def _agreement_sql(keys: Sequence[str], suspect: str, outcome: str, tables: dict[str, pa.Table | Rows]) -> str:
    """Compare a column with an outcome; nothing where their kinds cannot agree."""
    kinds = tables["suspect"].schema.field(suspect).type, tables["outcome"].schema.field(outcome).type
    if _family(kinds[0]) != _family(kinds[1]):
        return ""
    says, holds = (
        f"CAST({table}.{quoted(name)} AS INTEGER)" if pa.types.is_boolean(kind) else f"{table}.{quoted(name)}"
        for table, name, kind in zip(("suspect", "outcome"), (suspect, outcome), kinds, strict=True)
    )
    joined = f"suspect JOIN outcome ON {same(keys, 'suspect', 'outcome')}"
    if pa.types.is_boolean(kinds[1]):
        return _both_ways_sql(f"SELECT {says} AS says, {holds} AS holds FROM {joined}")
    agree = f"CAST({says} IS NOT DISTINCT FROM {holds} AS DOUBLE)"
    usual = f"SELECT mode({quoted(outcome)}) FROM outcome"
    return f"SELECT avg({agree}) FROM {joined} WHERE {holds} IS NOT NULL AND {holds} <> ({usual})"


def _existence_sql(keys: Sequence[str]) -> str:
    there = f"EXISTS (SELECT 1 FROM suspect WHERE {same(keys, 'suspect', 'outcome')})"
    return _both_ways_sql(
        f"SELECT CAST({there} AS INTEGER) AS says, CAST({quoted(CONDITION)} AS INTEGER) AS holds FROM outcome"
    )


def _both_ways_sql(pairs: str) -> str:
    """Of ``says`` and ``holds``, each 0 or 1: the lesser of the shares among true and false, as said and reversed."""
    said = "avg(CAST(says IS NOT DISTINCT FROM {} AS DOUBLE)) FILTER (WHERE holds = {})"
    true, false, no, yes = (said.format(*pair) for pair in ((1, 1), (0, 0), (0, 1), (1, 0)))
    # least() passes over NULL: without rows on both sides nothing is agreed
    both = "CASE WHEN count(DISTINCT holds) = 2 THEN least({}, {}) END"
    return f"SELECT {both.format(true, false)} AS direct, {both.format(no, yes)} AS reversed FROM ({pairs})"


def _family(kind: pa.DataType) -> str:
    is_a = pa.types
    numeric = is_a.is_boolean(kind) or is_a.is_integer(kind) or is_a.is_floating(kind) or is_a.is_decimal(kind)
    return "number" if numeric else str(kind)


def _share_sql(keys: Sequence[str]) -> str:
    first = f"SELECT {listed(keys)}, min(_known_time) AS _first FROM {{}} GROUP BY {listed(keys)}"
    shared = f"suspect SEMI JOIN outcome ON {same(keys, 'suspect', 'outcome')}"  # or every key of the suspect is held
    return (
        f"SELECT avg(CAST(s._first < o._first AS DOUBLE)) FROM ({first.format(shared)}) s "
        f"JOIN ({first.format('outcome')}) o ON {same(keys, 's', 'o')}"
    )
