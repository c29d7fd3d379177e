"""Stage 2's artifact: an immutable version of the data, down to each file's SHA-256."""

from dataclasses import dataclass

from sluiceway.artifacts.source_schema import SchemaChange, SourceSchema
from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.files import is_remote

EVENT_TIME = "_event_time"
KNOWN_TIME = "_known_time"
TABLES_FOLDER = "sources/"


def object_key(sha256: str) -> str:
    """Where the bytes of a source file are kept."""
    return f"files/{sha256[:2]}/{sha256}"


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
        return object_key(self.sha256)

    @property
    def restored_as(self) -> str:
        """Where the file goes when it is restored: its path, or, for a URL, one below ``_remote``."""
        if not is_remote(self.path):
            return self.path
        return "_remote/" + self.path.replace("://", "/", 1).replace("%", "%25").replace("#", "%23")


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

    ``method`` is ``sha256`` where every byte was hashed, ``stat`` where size, time and inode were compared; files
    behind URLs are compared by size and tag, which it says.
    """

    damaged: tuple[str, ...]
    changed: tuple[str, ...]
    method: str


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """Files as manifest rows, and a table per source with ``_event_time`` and ``_known_time`` where it has times.

    A source's table is called ``sources/<source>``. ``patterns`` holds each source of files with the pattern they
    matched, so that a file added later is noticed. ``schemas`` holds the own columns of each source that does not come
    from SQL alone, ``changes`` how they differ from the version ``compared_with`` (its content id, empty for none).
    """

    files: tuple[FileEntry, ...]
    tables: tuple[TableRef, ...]
    restore: RestoreReport
    integrity: IntegrityReport | None = None
    patterns: tuple[tuple[str, str], ...] = ()
    schemas: tuple[SourceSchema, ...] = ()
    changes: tuple[SchemaChange, ...] = ()
    compared_with: str = ""

    @property
    def content_id(self) -> str:
        """Identify the bytes of the files and the rows of the tables."""
        files = sorted((entry.path, entry.sha256, entry.source) for entry in self.files)
        return digest_of(["dataset", files, sorted((table.name, table.content_id) for table in self.tables)])

    @property
    def version(self) -> str:
        """The content id, short enough to type."""
        return self.content_id[:12]

    @property
    def kept_columns(self) -> dict[str, tuple[str, ...]]:
        """The own columns that each source has in this version."""
        return {schema.source: tuple(column.name for column in schema.columns) for schema in self.schemas}

    def table(self, source: str) -> TableRef:
        """Find the table of a source.

        Raises:
            UnknownNameError: the version has none of this name.
        """
        for table in self.tables:
            if table.name == TABLES_FOLDER + source:
                return table
        known = (table.name.removeprefix(TABLES_FOLDER) for table in self.tables)
        raise UnknownNameError("source", source, known)
