"""The manifest: a version's files as people and other tools read them."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict

from sluiceway.artifacts.dataset_version import DatasetVersion

HEADER = ["path", "sha256", "date"]
FULL_HEADER = [*HEADER, "size_bytes", "source", "origin", "licence", "provider", "annotator", "collected"]
ManifestRow = tuple[str, str, str]


def rows_of(version: DatasetVersion) -> tuple[ManifestRow, ...]:
    """Return path, SHA-256 and date (UTC day of the last change) of each file once, sorted."""
    return tuple(sorted({(entry.path, entry.sha256, entry.date) for entry in version.files}))


def full_rows(version: DatasetVersion) -> list[tuple[str, ...]]:
    """Return each file of each source with its size and what is declared of where it comes from, sorted."""
    rows = []
    for entry in version.files:
        said = version.facts(entry.source).provenance
        origin = [said.source, said.licence, said.provider, said.annotator, said.collected] if said else [None] * 5
        known = [entry.path, entry.sha256, entry.date, str(entry.size_bytes), entry.source]
        rows.append((*known, *(value or "" for value in origin)))
    return sorted(rows)


def as_csv(version: DatasetVersion, *, full: bool = False) -> str:
    """Write the manifest as CSV with a header: ``path, sha256, date``, or, in full, where each file comes from too."""
    text = io.StringIO()
    rows: Sequence[tuple[str, ...]] = full_rows(version) if full else rows_of(version)
    # Python before 3.13 leaves a lone carriage return unquoted, which no reader takes back.
    odd = any("\r" in cell for row in rows for cell in row)
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL)
    writer.writerow(FULL_HEADER if full else HEADER)
    writer.writerows(rows)
    return text.getvalue()


def sources_of(version: DatasetVersion) -> list[dict[str, object]]:
    """Tell of each source its key, what its SQL reads, where it and its columns come from, and its files."""
    return [
        {
            "name": facts.name,
            "key": list(facts.key),
            "reads": list(facts.reads),
            "provenance": None if facts.provenance is None else asdict(facts.provenance),
            "lineage": {each.column: [".".join(name) for name in each.made_from] for each in facts.lineage},
            "files": sorted(entry.path for entry in version.files if entry.source == facts.name),
        }
        for facts in version.sources
    ]


def as_json(version: DatasetVersion) -> str:
    """Write the manifest as JSON: the version, its files, its tables with rows and columns, and its sources."""
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
    whole: dict[str, object] = {
        "version": version.version,
        "content_id": version.content_id,
        "files": files,
        "tables": tables,
    }
    whole["sources"] = sources_of(version)
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
