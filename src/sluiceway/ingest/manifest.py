"""The manifest: a version's files as people and other tools read them."""

import csv
import io
import json

from sluiceway.artifacts.dataset_version import DatasetVersion

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
