"""The manifest: a version's files as people and other tools read them."""

import csv
import io
import json

from sluiceway.artifacts.dataset_version import DatasetVersion
from sluiceway.core.errors import MisuseError

HEADER = ["path", "sha256", "date"]
ManifestRow = tuple[str, str, str]


def rows_of(version: DatasetVersion) -> tuple[ManifestRow, ...]:
    """Return path, SHA-256 and date (UTC day of the last change) of each file once, sorted."""
    return tuple(sorted({(entry.path, entry.sha256, entry.date) for entry in version.files}))


def as_csv(version: DatasetVersion) -> str:
    """Write the manifest as CSV with a header: ``path, sha256, date``."""
    text, rows = io.StringIO(), rows_of(version)
    # Python before 3.13 leaves a lone carriage return unquoted, which no reader takes back.
    odd = any("\r" in path for path, _, _ in rows)
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return text.getvalue()


def from_csv(text: str) -> tuple[ManifestRow, ...]:
    """Read a manifest back.

    Raises:
        MisuseError: the text is no manifest.
    """
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows or rows[0] != HEADER or any(len(row) != len(HEADER) for row in rows):
        raise MisuseError(
            f"no manifest: the first row must be {','.join(HEADER)}, and every row have {len(HEADER)} values"
        )
    return tuple((path, sha256, date) for path, sha256, date in rows[1:])


def as_json(version: DatasetVersion) -> str:
    """Write the manifest as JSON: the version, its files, and its tables with rows and columns."""
    files = [dict(zip(HEADER, row, strict=True)) for row in rows_of(version)]
    tables = [
        {
            "name": table.name,
            "content_id": table.content_id,
            "rows": table.rows,
            "columns": {column.name: column.type for column in table.columns},
        }
        for table in version.tables
    ]
    whole = {"version": version.version, "content_id": version.content_id, "files": files, "tables": tables}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> tuple[ManifestRow, ...]:
    """Read the files of a manifest back.

    Raises:
        MisuseError: the text is no manifest.
    """
    try:
        return tuple((row["path"], row["sha256"], row["date"]) for row in json.loads(text)["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise MisuseError(f"no manifest: {error!r}; expected an object with files of {', '.join(HEADER)}") from error
