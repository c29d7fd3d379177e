"""Files: facts that lie in files of one format."""

from dataclasses import dataclass

from sluiceway.declare.names import refuse

FORMATS = ("csv", "parquet", "json", "ndjson", "arrow")
DEFAULT_NULLS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null")


@dataclass(frozen=True, slots=True)
class Files:
    """Files of one format in the project's folder, read as one table in the order of their paths."""

    pattern: str
    format: str
    nulls: tuple[str, ...] = DEFAULT_NULLS


def files(pattern: str, *, format: str | None = None, nulls: tuple[str, ...] | list[str] = DEFAULT_NULLS) -> Files:  # noqa: A002
    """Name the files of a source by a path or a glob, relative to the project.

    Args:
        pattern: Such as ``data/flights.csv.zip`` or ``data/*.parquet``; ``.gz`` and ``.zip`` are unpacked.
        format: One of csv, parquet, json, ndjson, arrow; by default read off the file's name.
        nulls: Texts that mean "missing" in a CSV column of numbers, times or booleans. Text columns keep
            them, except the empty text.

    Raises:
        DeclarationError: the format is unknown, or the path leaves the project.

    Example:
        ``sw.Source("weather", sw.files("data/weather.csv"))``
    """
    suffixes = [part for part in pattern.lower().rsplit("/", 1)[-1].split(".")[1:] if part not in {"gz", "zip"}]
    kind = format or {"jsonl": "ndjson", "pq": "parquet", "feather": "arrow", "tsv": "csv"}.get(
        suffixes[-1] if suffixes else "", suffixes[-1] if suffixes else ""
    )
    if kind not in FORMATS:
        raise refuse(f"files({pattern!r}): format {kind!r} is not one of {', '.join(FORMATS)}; say format=")
    if pattern.startswith("/") or ".." in pattern.split("/"):
        raise refuse(f"files({pattern!r}) leaves the project's folder; put the data below it, or link it there")
    return Files(pattern, kind, tuple(nulls))
