"""Sources: where raw facts come from, and the two times every row has."""

from dataclasses import dataclass

from sluiceway.core.duration import parse_duration
from sluiceway.declare.expectation import Expectation
from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.declare.names import as_tuple, refuse, require_name

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


@dataclass(frozen=True, slots=True)
class Source:
    """A table of facts, from files, from SQL over other sources, or from SQL over its own files.

    ``event_time`` says when a row's fact was true, ``known_time`` when one could first have known it; both are
    expressions over the source's columns, in UTC. ``known_time`` defaults to ``event_time``. A source with neither
    is a timeless reference: it can be joined and checked against in SQL, but no feature may be built on it.
    ``key`` names the columns that identify a fact: a later row with the same key corrects the earlier.
    ``upstream`` identifies the sources that its SQL reads; it is filled in when the project is read.

    Raises:
        DeclarationError: a name, an expression or a combination that cannot be.
    """

    name: str
    files: Files | None = None
    key: str | tuple[str, ...] | None = None
    event_time: str | None = None
    known_time: str | None = None
    sql: str | None = None
    expectations: tuple[Expectation, ...] | list[Expectation] = ()
    upstream: str = ""

    def __post_init__(self) -> None:
        require_name("source", self.name)
        if self.files is None and self.sql is None:
            raise refuse(f"source {self.name!r} has neither files nor sql; give one of them")
        if self.known_time is not None and self.event_time is None:
            raise refuse(f"source {self.name!r} has a known_time but no event_time; say when its facts were true")
        object.__setattr__(self, "expectations", tuple(self.expectations))
        for text in filter(None, (self.event_time, self.known_time)):
            parse_expression(text)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that identify a fact; empty when the source has none."""
        return as_tuple(self.key)

    @property
    def meaning(self) -> list[object]:
        """What decides the rows and their times, ready to be hashed; words and expectations do not."""
        files = [self.files.pattern, self.files.format, *self.files.nulls] if self.files else None
        return [self.name, files, self.sql, self.event_time, self.known_time, list(self.keys), self.upstream]

    @property
    def is_timeless(self) -> bool:
        """Whether rows carry no times, so that no feature may be built on them."""
        return self.event_time is None

    @property
    def event_expression(self) -> Expression | None:
        """When a row's fact was true."""
        return parse_expression(self.event_time) if self.event_time else None

    @property
    def known_expression(self) -> Expression | None:
        """When a row could first have been known."""
        text = self.known_time or self.event_time
        return parse_expression(text) if text else None


def window(text: object, *, owner: str) -> str:
    """Check a duration where it is declared.

    Raises:
        DeclarationError: it is no duration.
    """
    if not isinstance(text, str):
        raise refuse(f"{owner}: {text!r} is not a duration; write a text such as '5m', '36h', '30d'")
    try:
        parse_duration(text)
    except ValueError as error:
        raise refuse(f"{owner}: {error}") from None
    return text
