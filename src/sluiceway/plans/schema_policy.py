"""Schema policy: what becomes of columns that a source did not have before, and how a schema changed."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

import pyarrow as pa

from sluiceway.artifacts.rows import Rows
from sluiceway.artifacts.source_schema import SchemaChange, SourceSchema
from sluiceway.artifacts.table_ref import Column
from sluiceway.declare.source import Source
from sluiceway.plans.table_digest import STORED_AS, columns_of

WIDER = {
    ("integer", "number"),
    ("integer", "text"),
    ("number", "text"),
    ("boolean", "text"),
    ("time", "text"),
}
ALIKE = 0.6
BETWEEN_WORDS = str.maketrans("", "", "_- ")


def settled(
    source: Source, rows: Rows, *, known: Sequence[Column] = (), uneven: Sequence[str] = ()
) -> tuple[Rows, SourceSchema]:
    """Apply a source's policy to what it delivered, and write down what columns that leaves.

    With ``discard``, columns beyond the ``known`` ones are dropped and counted; of a first version, which knows none
    yet, those that every file has are kept. Otherwise every column stays: ``freeze`` is for gate 2 to judge. So that it
    comes to that, known columns that vanished under it are there without values, though not in what is written down.

    Args:
        source: With its policy.
        rows: What it delivered, normalised.
        known: The own columns of the last accepted version; empty where there is none.
        uneven: The columns that some of its files lack.
    """
    names, dropped = rows.schema.names, []
    if source.schema == "discard":
        wanted = {column.name for column in known} or set(names) - set(uneven)
        dropped = [name for name in names if name not in wanted]
    kept = rows.select([name for name in names if name not in dropped]) if dropped else rows
    counts = tuple((name, _present(rows, name)) for name in dropped)
    there = tuple(name for name in uneven if name not in dropped)
    columns = columns_of(kept.schema.empty_table())
    schema = SourceSchema(source.name, source.schema or "", columns, counts, there)
    return (with_vanished(kept, known) if source.schema == "freeze" else kept), schema


def _present(rows: Rows, name: str) -> int:
    return sum(batch.num_rows - batch.column(0).null_count for batch in rows.batches([name]))


def with_vanished(rows: Rows, known: Sequence[Column]) -> Rows:
    """Add the known columns that a table lacks, without values."""
    vanished = [column for column in known if column.name not in rows.schema.names]
    return rows.beside({column.name: STORED_AS[column.type] for column in vanished}) if vanished else rows


def uneven_columns(tables: Mapping[str, pa.Table]) -> tuple[str, ...]:
    """Name the columns that some of a source's files lack, sorted."""
    held = [set(table.column_names) for table in tables.values()]
    return tuple(sorted(set().union(*held) - set(held[0]).intersection(*held))) if held else ()


def schema_changes(before: SourceSchema, after: SourceSchema) -> tuple[SchemaChange, ...]:
    """Compare what a source delivered with what an earlier version kept of it, column by column."""
    return tuple(_changes(before, after))


def _changes(before: SourceSchema, after: SourceSchema) -> Iterator[SchemaChange]:
    old = {column.name: column.type for column in before.columns}
    new = {column.name: column.type for column in after.columns}
    vanished = [column for column in before.columns if column.name not in new]
    added = [column for column in after.columns if column.name not in old]
    added += [Column(name, "dropped") for name, _ in after.discarded if name not in old]
    renamed = renames(vanished, [column for column in added if column.type != "dropped"])
    for column in added:
        yield SchemaChange(after.source, column.name, "new", "", column.type, renamed.get(column.name, ""))
    for column in vanished:
        yield SchemaChange(after.source, column.name, "vanished", column.type, "")
    for name, kind in new.items():
        if name in old and old[name] != kind:
            how = "widened" if (old[name], kind) in WIDER else "changed"
            yield SchemaChange(after.source, name, how, old[name], kind)


def renames(vanished: Sequence[Column], added: Sequence[Column]) -> dict[str, str]:
    """Suggest which new column may be which vanished one: of the same kind, and the only pair or alike in name.

    >>> renames([Column("dep_delay", "number"), Column("x", "text")], [Column("departure_delay", "number")])
    {'departure_delay': 'dep_delay'}
    """
    found: dict[str, str] = {}
    left = list(vanished)
    for column in added:
        fitting = [each for each in left if each.type == column.type]
        if not fitting:
            continue
        best = max(fitting, key=lambda each: likeness(each.name, column.name))
        alone = len(vanished) == len(added) == 1
        if alone or likeness(best.name, column.name) >= ALIKE:
            found[column.name] = best.name
            left.remove(best)
    return found


def likeness(one: str, other: str) -> float:
    """Tell how alike two names are, 0 to 1, whatever their case and signs between words."""
    left, right = (name.casefold().translate(BETWEEN_WORDS) for name in (one, other))
    return SequenceMatcher(None, left, right).ratio()
