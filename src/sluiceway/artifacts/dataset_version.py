"""Stage 2's artifact: an immutable version of the data, down to each file's SHA-256."""

from dataclasses import dataclass

from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import UnknownNameError

EVENT_TIME = "_event_time"
KNOWN_TIME = "_known_time"
TABLES_FOLDER = "sources/"
QUARANTINE_FOLDER = "quarantine/"
BROKEN_RULES = "_broken_rules"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One source file as it was stored. ``date`` is the UTC day of its last change.

    ``source_tag`` and ``object_tag`` are what the stores said of the file and of its copy when their bytes were hashed;
    they save hashing again where that would take long, and are no part of the version's identity.
    """

    path: str
    sha256: str
    date: str
    size_bytes: int
    source: str
    source_tag: str = ""
    object_tag: str = ""

    @property
    def object_key(self) -> str:
        """Where the bytes are kept."""
        return f"files/{self.sha256[:2]}/{self.sha256}"


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """A rebuild of everything in an empty place: how long it took, and what did not come out the same."""

    seconds: float
    files: int
    size_bytes: int
    tables: int
    unequal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """A look at the bytes now: stored objects that are damaged or missing, sources that differ from the version.

    ``method`` is ``sha256`` where every byte was hashed, ``stat`` where size, time and inode were compared.
    """

    damaged: tuple[str, ...]
    changed: tuple[str, ...]
    method: str


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """Files as manifest rows, and a table per source with ``_event_time`` and ``_known_time`` where it has times.

    A source's table is called ``sources/<source>``; rows that its rules set apart are in ``quarantine/<source>``, with
    the rules they break in ``_broken_rules``, and in no other table. ``patterns`` holds each source of files with the
    pattern they matched, so that a file added later is noticed.
    """

    files: tuple[FileEntry, ...]
    tables: tuple[TableRef, ...]
    restore: RestoreReport
    integrity: IntegrityReport | None = None
    patterns: tuple[tuple[str, str], ...] = ()

    @property
    def content_id(self) -> str:
        """Identify the bytes of the files and the rows of the tables."""
        files = sorted((entry.path, entry.sha256, entry.source) for entry in self.files)
        return digest_of(["dataset", files, sorted((table.name, table.content_id) for table in self.tables)])

    @property
    def version(self) -> str:
        """The content id, short enough to type."""
        return self.content_id[:12]

    def table(self, source: str) -> TableRef:
        """Find the table of a source.

        Raises:
            UnknownNameError: the version has none of this name.
        """
        for table in self.tables:
            if table.name == TABLES_FOLDER + source:
                return table
        names = (table.name for table in self.tables if table.is_below(TABLES_FOLDER))
        raise UnknownNameError("source", source, [name.removeprefix(TABLES_FOLDER) for name in names])

    def quarantined(self, source: str) -> TableRef | None:
        """Find the rows of a source that its rules set apart, if there are any."""
        return next((table for table in self.tables if table.name == QUARANTINE_FOLDER + source), None)

    def rows_quarantined(self, source: str) -> int:
        """How many rows of a source its rules set apart."""
        found = self.quarantined(source)
        return 0 if found is None else found.rows
