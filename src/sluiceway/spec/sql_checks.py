"""SQL checks: the statements that sources are checked by, set beside the columns that they read."""

from collections.abc import Mapping

import pyarrow as pa

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.artifacts.table_ref import Column
from sluiceway.core.errors import DeclarationError, SourceError, UnknownNameError
from sluiceway.declare.source import Source
from sluiceway.plans.lineage import tables_read
from sluiceway.plans.table_digest import STORED_AS
from sluiceway.ports.engine import Engine
from sluiceway.spec.findings import Findings

Columns = Mapping[str, tuple[Column, ...]]
NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)


def check_statements(sources: Mapping[str, Source], columns: Columns, engine: Engine, findings: Findings) -> None:
    """Run every ``sql`` expectation on tables without rows, and note those that fail or give something else."""
    tables = {name: _empty(sources[name], found) for name, found in columns.items()}
    for name in columns:
        for expectation in sources[name].expectations:
            if expectation.kind != "sql":
                continue
            bounded = expectation.low is not None or expectation.high is not None
            reason = _reason(expectation.text or "", tables, engine, bounded=bounded)
            if reason:
                with findings.about(sources[name].written_at):
                    findings.note(f"source {name!r}, expectation {expectation.name!r}: {reason}")


def _empty(source: Source, columns: tuple[Column, ...]) -> pa.Table:
    fields = [(column.name, STORED_AS[column.type]) for column in columns]
    times = [] if source.is_timeless else [(name, STORED_AS["time"]) for name in (EVENT_TIME, KNOWN_TIME)]
    return pa.schema([*fields, *times]).empty_table()


def _reason(sql: str, tables: Mapping[str, pa.Table], engine: Engine, *, bounded: bool) -> str:
    """Say what is wrong with a statement; nothing when it runs and gives what it should."""
    spelled = {name.lower(): name for name in tables}
    try:
        read = sorted(tables_read(sql))
        unknown = [name for name in read if name.lower() not in spelled]
        if unknown:
            return f"its SQL reads {unknown[0]!r}: {UnknownNameError('source', unknown[0], tables)}"
        found = engine.query(sql, {name: tables[spelled[name.lower()]] for name in read})
    except (SourceError, DeclarationError) as error:
        return str(error)
    if not bounded:
        return ""
    if found.num_columns != 1:
        return f"with between= the statement must give one number, it gives {found.num_columns} columns"
    kind = found.schema.types[0]
    is_number = any(is_a(kind) for is_a in NUMBERS)
    return "" if is_number else f"with between= the statement must give a number, it gives {kind}"
