"""A Delta version written: all rows in place of those before, many of them apart by the month of a time.

The column ``_month`` is of the folders' names, not of the files, and no part of the content: whoever reads by content
never sees it. Other Delta readers do, and read one month of a training table without opening the rest.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sluiceway.adapters.delta_log import CONTENT_KEY, Commit, commit_at
from sluiceway.artifacts.rows import Rows
from sluiceway.core.disk_trouble import disk_trouble, number_of
from sluiceway.core.errors import ConflictError, DamagedError, SourceError

if TYPE_CHECKING:
    import pyarrow as pa

MONTH = "_month"
MONTH_ROWS = 250_000  # on the average; with fewer, more small files would cost more than months save
GROUP_ROWS, GROUP_VALUES = 128 * 1024, 2 * 1024 * 1024  # who reads piece by piece decodes many row groups ahead


def append_version(folder: Path, rows: Rows, content_id: str, *, by: str | None) -> Commit:
    """Write rows as the table's newest version.

    Args:
        folder: The table's.
        rows: Of the types that tables are stored in.
        content_id: Kept in the commit.
        by: A time column; where a month of it has ``MONTH_ROWS`` rows on the average, each month has files of its own.

    Raises:
        ConflictError: another process wrote the same table meanwhile.
        SourceError: Delta cannot hold the table, or the disk refuses.
        DamagedError: the table's log cannot be read.
    """
    import pyarrow as pa
    from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, WriterProperties, write_deltalake
    from deltalake.exceptions import CommitFailedError, DeltaError

    parted = by is not None and _has_full_months(rows, by)
    written = _with_months(rows, by) if by is not None and parted else rows
    group_rows = max(1024, min(GROUP_ROWS, GROUP_VALUES // max(1, len(rows.schema))))
    try:
        write_deltalake(
            str(folder),
            pa.RecordBatchReader.from_batches(written.schema, written.batches())
            if written.held is None
            else written.held,
            mode="overwrite",
            schema_mode="overwrite",
            partition_by=[MONTH] if parted else [],
            writer_properties=WriterProperties(max_row_group_size=group_rows, compression="SNAPPY"),
            commit_properties=CommitProperties(custom_metadata={CONTENT_KEY: content_id}),
            post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
        )
        version = DeltaTable(str(folder)).version()
    except CommitFailedError as error:
        raise ConflictError(f"another process wrote the table {folder} meanwhile; try again") from error
    except (DeltaError, OSError) as error:
        if number_of(error) is not None:
            raise SourceError(f"the table {folder} cannot be written: {disk_trouble(error)}") from error
        raise SourceError(f"the table {folder} cannot be written: {error}; check its columns and the disk") from error
    commit = commit_at(folder, str(version))
    if commit is None:
        raise DamagedError(f"the table {folder} lost its log entry of version {version}; write it again")
    return commit


def _has_full_months(rows: Rows, by: str) -> bool:
    if MONTH in rows.schema.names or rows.num_rows < 2 * MONTH_ROWS:
        return False
    months: set[str | None] = set()
    for batch in rows.batches([by]):
        months.update(_months(batch.column(by)).unique().to_pylist())
    return rows.num_rows >= MONTH_ROWS * len(months)


def _with_months(rows: Rows, by: str) -> Rows:
    import pyarrow as pa

    schema = rows.schema.append(pa.field(MONTH, pa.string()))

    def batches(_: object) -> "Iterator[pa.RecordBatch]":
        for batch in rows.batches():
            yield pa.record_batch([*batch.columns, _months(batch.column(by))], schema=schema)

    return Rows(schema, rows.num_rows, batches)


def _months(times: "pa.Array") -> "pa.Array":
    import pyarrow.compute as pc

    return pc.strftime(times, "%Y-%m")
