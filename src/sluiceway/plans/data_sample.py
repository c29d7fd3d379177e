"""A sample of data: the rows that a draft is made from, and how much of the whole they are."""

from dataclasses import dataclass

import pyarrow as pa

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DataSample:
    """Rows read from some files.

    ``pattern`` names the files relative to the project, ``shown`` is how the user named them. ``rows`` is how many rows
    all files have, an estimate unless ``is_whole``. ``is_uneven`` tells that files have different columns.
    """

    shown: str
    pattern: str
    table: pa.Table
    files: int
    files_read: int
    rows: int
    is_whole: bool
    is_uneven: bool = False

    @property
    def words(self) -> str:
        """Say how much was looked at."""
        rows = f"{self.table.num_rows:,} rows"
        if self.is_whole:
            return f"all {rows}" + (f" of {self.files:,} files" if self.files > 1 else "")
        of_files = f" from {self.files_read:,} of {self.files:,} files" if self.files > 1 else ""
        return f"a sample of {rows}{of_files}, of about {self.rows:,}; the rest was not looked at"
