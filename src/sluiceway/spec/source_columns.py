"""Source columns: what every source will hold, found by reading its files and running its SQL on no rows."""

from collections.abc import Mapping
from difflib import get_close_matches

import pyarrow as pa

from sluiceway.artifacts.dataset_version import BROKEN_RULES, EVENT_TIME, KNOWN_TIME
from sluiceway.artifacts.rows import Rows
from sluiceway.artifacts.table_ref import Column
from sluiceway.core.discreet import discreet_words
from sluiceway.core.errors import DeclarationError, SourceError, UnknownNameError
from sluiceway.declare.files import IMAGE, Files
from sluiceway.declare.project import Project
from sluiceway.declare.source import Source
from sluiceway.plans.file_format import checked, concatenate, decode, is_plain_parquet
from sluiceway.plans.file_pattern import fixed_part, folder_of, matching
from sluiceway.plans.image_rows import image_table
from sluiceway.plans.lineage import tables_read
from sluiceway.plans.list_columns import stored_rows
from sluiceway.plans.partitions import beside, on_the_way
from sluiceway.plans.schema_policy import settled, uneven_columns
from sluiceway.plans.table_digest import STORED_AS, columns_of, normalise
from sluiceway.ports.engine import Engine
from sluiceway.ports.object_store import ObjectStore
from sluiceway.spec.findings import Findings

STREAM_HINT = (
    "A topic's rows land beside files: put one there whose row has a value in each column, so that kinds are known"
)


def source_columns(
    project: Project,
    *,
    files: ObjectStore,
    engine: Engine,
    landed: Mapping[str, tuple[Column, ...]],
    accepted: Mapping[str, tuple[Column, ...]],
    findings: Findings,
) -> tuple[dict[str, tuple[Column, ...]], dict[str, tuple[Column, ...]]]:
    """Return the columns of every source that could be read, and of the files of those that have any.

    A source that cannot be read, or reads one that cannot, is noted (once) and left out. As in stage 2, a source that
    discards has no columns but those ``accepted`` before, and one that freezes has all of those.
    """
    own: dict[str, pa.Table] = {}
    made: dict[str, pa.Table] = {}
    for name, source in project.sources.items():
        try:
            if source.files is not None or source.extract is not None:
                own[name] = _own(source, files, engine, landed, accepted.get(name, ()), findings)
            table = _of_sql(source, own, made, project.sources, engine)
        except (SourceError, DeclarationError) as error:
            with findings.about(source.written_at):
                findings.note(f"source {name!r}: {_told(error, project, findings)}")
            continue
        if table is not None:
            made[name] = table
            _check_reserved(name, table, findings)
    return _columns(made), _columns(own)


def _told(error: Exception, project: Project, findings: Findings) -> str:
    """Tell what is wrong with a source; where some columns are sensitive, without what it quotes of the data."""
    if not findings.is_discreet or not isinstance(error, SourceError):
        return str(error)
    return discreet_words(str(error), project.words)


def _columns(tables: Mapping[str, pa.Table]) -> dict[str, tuple[Column, ...]]:
    return {name: columns_of(table) for name, table in tables.items()}


def _own(  # what a source's columns follow from
    source: Source,
    files: ObjectStore,
    engine: Engine,
    landed: Mapping[str, tuple[Column, ...]],
    known: tuple[Column, ...],
    findings: Findings,
) -> pa.Table:
    uneven: tuple[str, ...] = ()
    if source.files is not None:
        table, uneven = _of_files(source, source.files, files, engine, findings)
    else:
        table = _of_extract(source.name, landed)
    rows, schema = settled(source, Rows.of(table), known=known, uneven=uneven)
    findings.discarded |= {column: source.name for column, _ in schema.discarded}
    return rows.table()


def _of_files(
    source: Source, wanted: Files, store: ObjectStore, engine: Engine, findings: Findings
) -> tuple[pa.Table, tuple[str, ...]]:
    exact = fixed_part(wanted.pattern) == wanted.pattern and store.list(wanted.pattern)
    listed = [info.key for info in exact or store.list(folder_of(wanted.pattern))]
    found = matching(wanted.pattern, listed)
    if not found:
        near = get_close_matches(wanted.pattern, listed, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "put the file there, or correct the path in pipeline.py"
        first = "" if source.stream is None else f". {STREAM_HINT}"
        raise SourceError(f"no file matches {wanted.pattern!r}; {hint}{first}")
    if wanted.format == IMAGE:
        return normalise(image_table(found, [], wanted)).schema.empty_table(), ()
    partitions = on_the_way(found, wanted)
    heads = {path: _head(wanted, path, partitions[path], store=store, engine=engine) for path in found}
    together = concatenate(heads, uneven=source.schema is not None)
    _check_kinds(wanted, together)
    findings.empty |= {field.name: source.name for field in together.schema if pa.types.is_null(field.type)}
    return normalise(together), uneven_columns(heads)


def _check_kinds(wanted: Files, table: pa.Table) -> None:
    lacking = [name for name, _ in wanted.kinds if name not in table.column_names]
    if lacking:
        raise SourceError(f"files(kinds=…): {UnknownNameError('column', lacking[0], table.column_names)}")


def _head(wanted: Files, path: str, values: Mapping[str, pa.Scalar], *, store: ObjectStore, engine: Engine) -> pa.Table:
    """Read a file whole, as types follow from values; only its columns are kept."""
    if not is_plain_parquet(path, wanted):
        return beside(decode(store.get(path), path=path, files=wanted), values, path=path).slice(0, 0)
    rows = stored_rows(engine.parquet(store.stream(path), path=path))
    head = beside(checked(rows.schema.empty_table(), path), values, path=path)
    for piece in rows.tables():
        beside(piece, values, path=path)
    return head


def _of_extract(source: str, landed: Mapping[str, tuple[Column, ...]]) -> pa.Table:
    if source not in landed:
        raise SourceError("nothing has been extracted yet; `sluiceway run` reads it")
    schema: pa.Schema = pa.schema([(column.name, STORED_AS[column.type]) for column in landed[source]])
    return schema.empty_table()


def _of_sql(
    source: Source,
    own: Mapping[str, pa.Table],
    made: Mapping[str, pa.Table],
    sources: Mapping[str, Source],
    engine: Engine,
) -> pa.Table | None:
    """Run a source's SQL on no rows; ``None`` when it reads a source whose own problem is noted already."""
    if source.sql is None:
        return own[source.name]
    spelled = {name.lower(): name for name in sources}
    read: dict[str, pa.Table] = {}
    for table in sorted(tables_read(source.sql)):
        name = spelled.get(table.lower())
        if name is None:
            raise SourceError(f"its SQL reads {table!r}: {UnknownNameError('source', table, sources)}")
        found = own.get(name) if name == source.name else made.get(name)
        if found is None:
            _check_order(source, name, list(sources))
            return None
        read[name] = found
    return normalise(engine.query(source.sql, read)).schema.empty_table()


def _check_order(source: Source, read: str, order: list[str]) -> None:
    if read == source.name:
        raise SourceError("its SQL reads the source itself, which has no files; name another source")
    if order.index(read) > order.index(source.name):
        raise SourceError(
            f"its SQL reads {read!r}, which reads it in turn; sources must not read each other in a circle"
        )


def _check_reserved(name: str, table: pa.Table, findings: Findings) -> None:
    for column in (EVENT_TIME, KNOWN_TIME):
        if column in table.column_names:
            findings.note(
                f"source {name!r}: a column is called {column!r}, which is kept for the row's own times; rename it"
            )
    if BROKEN_RULES in table.column_names:
        findings.note(f"source {name!r}: a column is called {BROKEN_RULES!r}, which quarantine keeps; rename it")
