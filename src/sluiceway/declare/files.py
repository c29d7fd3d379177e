"""Files: facts that lie in files of one format, in the project's folder or behind a URL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sluiceway.declare.names import as_tuple, refuse

FORMATS = ("csv", "parquet", "json", "ndjson", "arrow")
IMAGE = "image"
PACKED = ("gz", "zip", "zst")
DEFAULT_NULLS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null")
KINDS = ("text", "integer", "number", "boolean", "time")
PARTITION_KINDS = ("date", "hour", "integer", "text")
OTHER_NAMES = {"jsonl": "ndjson", "pq": "parquet", "feather": "arrow", "tsv": "csv"}
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
BUCKET, SERVER = re.compile(r"(s3|gs|az)://[^/*?\[\]@]+/.+"), re.compile(r"https?://[^/*?\[\]#@]+/[^*?\[\]#]+")

Partitions = Mapping[str, str] | bool
NONE_DECLARED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Files:
    """Files of one format, read as one table in the order of their paths.

    ``partitions`` holds the declared names and kinds of partition columns; ``detects`` tells whether others are found.
    ``kinds`` are those of CSV columns that were declared, by name.
    """

    pattern: str
    format: str
    nulls: tuple[str, ...] = DEFAULT_NULLS
    partitions: tuple[tuple[str, str], ...] = ()
    detects: bool = True
    kinds: tuple[tuple[str, str], ...] = ()

    @property
    def meaning(self) -> list[object]:
        """What decides the rows, ready to be hashed."""
        folders = [list(pair) for pair in self.partitions]
        declared = [[list(pair) for pair in self.kinds]] if self.kinds else []
        return [self.pattern, self.format, list(self.nulls), folders, self.detects, *declared]


def files(
    pattern: str,
    *,
    format: str | None = None,  # noqa: A002
    nulls: str | tuple[str, ...] | list[str] = DEFAULT_NULLS,
    partitions: Partitions = True,
    kinds: Mapping[str, str] = NONE_DECLARED,
) -> Files:
    """Name the files of a source by a path or a glob, relative to the project, or by a URL.

    Args:
        pattern: Such as ``data/flights.csv.zip``, ``data/dt=*/*.parquet``, ``s3://lake/flights/*.csv`` (also ``gs://``
            and ``az://``) or ``https://host/flights.csv``; ``.gz``, ``.zip`` and ``.zst`` are unpacked. A web server
            cannot be listed, so that ``https://`` takes no glob.
        format: One of csv, parquet, json, ndjson, arrow; by default read off the file's name.
        nulls: A text, or several, that mean "missing" in a CSV column of numbers, times or booleans. Text columns keep
            them, except the empty text.
        partitions: Folders called ``name=value`` become columns, their kinds detected. A mapping declares names and
            kinds (date, hour, integer, text), and then each file must lie in such folders. ``False`` takes none.
        kinds: Of columns of CSV, where they are not to be told from the values: text, integer, number, boolean or time.
            ``kinds={"zip": "text"}`` keeps the zeros of ``00501``.

    Raises:
        DeclarationError: the format or a kind is unknown, the path leaves the project, or the URL cannot be.

    Example:
        ``sw.Source("weather", sw.files("data/weather.csv"))``
    """
    suffixes = [part for part in pattern.lower().rsplit("/", 1)[-1].split(".")[1:] if part not in PACKED]
    last = suffixes[-1] if suffixes else ""
    kind = format or OTHER_NAMES.get(last, last)
    if kind not in FORMATS:
        raise refuse(f"files({pattern!r}): format {kind!r} is not one of {', '.join(FORMATS)}; say format=")
    require_place(pattern, "files")
    declared = declared_kinds(pattern, kind, kinds)
    return Files(pattern, kind, as_tuple(nulls), *declared_partitions(pattern, partitions), declared)


def images(pattern: str, *, partitions: Partitions = True) -> Files:
    """Name a folder of images by a glob: a source with one row a file, that tells each one's size and intensities.

    Args:
        pattern: Such as ``scans/**/*.png`` or ``s3://lake/scans/*.dcm``. Each file is read by what it holds: PNG, JPEG,
            TIFF, BMP, GIF, WebP and what else Pillow reads, or DICOM.
        partitions: As for ``files``.

    Raises:
        DeclarationError: the path leaves the project, or the URL cannot be.

    Example:
        ``sw.Source("scans", sw.images("scans/**/*.png"), key="path")``
    """
    require_place(pattern, "images")
    return Files(pattern, IMAGE, (), *declared_partitions(pattern, partitions))


def is_remote(path: str) -> bool:
    """Tell a URL from a path in the project's folder.

    >>> is_remote("s3://lake/a.csv"), is_remote("data/a.csv")
    (True, False)
    """
    return URL.match(path) is not None


def require_place(pattern: str, what: str) -> None:
    """Refuse a place that is neither below the project nor behind a URL that can be read.

    Raises:
        DeclarationError: it is not.
    """
    where = f"{what}({pattern!r})"
    if ".." in pattern.split("/") or (pattern.startswith("/") and not is_remote(pattern)):
        raise refuse(f"{where} leaves the project's folder; put the data below it, or link it there")
    if not is_remote(pattern) or BUCKET.fullmatch(pattern):
        return
    if pattern.startswith(("http://", "https://")):
        if not SERVER.fullmatch(pattern):
            raise refuse(
                f"{where}: a web server gives one file for one URL: no glob, no '?' or '#', and no name or password; "
                "what a request needs besides goes into headers, in [files] of sluiceway.toml"
            )
        return
    raise refuse(f"{where}: write s3://bucket/path, gs://bucket/path, az://container/path or https://host/path")


def declared_kinds(pattern: str, format_: str, given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Give the declared kinds of columns, sorted by name.

    Raises:
        DeclarationError: there is no such kind, or the format has types of its own.
    """
    if given and format_ != "csv":
        raise refuse(
            f"files({pattern!r}): kinds= is for CSV, {format_} says itself what its values are; CAST them in the "
            "source's sql"
        )
    for name, kind in given.items():
        if kind not in KINDS:
            raise refuse(f"files({pattern!r}): column {name!r} cannot be {kind!r}; write one of {', '.join(KINDS)}")
    return tuple(sorted(given.items()))


def declared_partitions(pattern: str, given: Partitions) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Give the declared partition columns with their kinds, and whether others are looked for.

    Raises:
        DeclarationError: there is no such kind.
    """
    if isinstance(given, bool):
        return (), given
    for name, kind in given.items():
        if kind not in PARTITION_KINDS:
            kinds = ", ".join(PARTITION_KINDS)
            raise refuse(f"files({pattern!r}): partition {name!r} cannot be {kind!r}; write one of {kinds}")
    return tuple(given.items()), False
