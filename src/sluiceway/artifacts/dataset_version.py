"""Stage 2's artifact: an immutable version of the data, down to each file's SHA-256."""

from dataclasses import dataclass

from sluiceway.artifacts.object_keys import object_key
from sluiceway.artifacts.source_schema import SchemaChange, SourceSchema
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.core.digest import digest_of
from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.files import is_remote
from sluiceway.declare.provenance import Provenance

EVENT_TIME = "_event_time"
KNOWN_TIME = "_known_time"
TABLES_FOLDER = "sources/"
QUARANTINE_FOLDER = "quarantine/"
BROKEN_RULES = "_broken_rules"
EVENTS_FOLDER = "events/"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One source file as it was stored. ``date`` is the UTC day of its last change.

    ``source_tag`` and ``object_tag`` are what the stores said of the file and of its copy when their bytes were hashed;
    they save hashing again where that would take long, and are no part of the version's identity. A ``landed`` file is
    a part of an extract: it lies in no folder of the project, and was first written where it is kept.
    """

    path: str
    sha256: str
    date: str
    size_bytes: int
    source: str
    source_tag: str = ""
    object_tag: str = ""
    landed: bool = False

    @property
    def is_event_part(self) -> bool:
        """Whether it is a part of a topic, and not of an extract."""
        return self.landed and self.path.startswith(EVENTS_FOLDER)

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
class RebuiltFrom:
    """How many of a source's files were rebuilt from the source itself, and how many from stored objects."""

    source: str
    from_source: int
    from_objects: int


@dataclass(frozen=True, slots=True)
class RestoreSample:
    """What a rebuild of a large set left out.

    ``files`` of ``of`` were drawn at random and rebuilt; ``missed`` is the share of damaged ones, 0 to 1, that such a
    sample shows none of with a chance of 5 %, the highest of all sampled sources. ``tables`` names those not derived
    again. ``estimated_s`` is how long the whole would take, extrapolated by bytes and by how long the tables took to
    derive while they were ingested.
    """

    files: int
    of: int
    missed: float
    tables: tuple[str, ...]
    estimated_s: float


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """A rebuild of everything in an empty place: how long it took, and what did not come out the same.

    ``origins`` says of each source of files where they were taken from. With a ``sample``, not everything was rebuilt.
    """

    seconds: float
    files: int
    size_bytes: int
    tables: int
    unequal: tuple[str, ...]
    origins: tuple[RebuiltFrom, ...] = ()
    sample: RestoreSample | None = None


@dataclass(frozen=True, slots=True)
class ColumnOrigin:
    """A column of a derived source, and the columns of sources of files (source, column) that it is made from."""

    column: str
    made_from: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known of a source besides its rows.

    ``reads`` names the sources that its SQL reads. ``lineage`` traces the columns of one with SQL; ``untraceable`` says
    why that cannot be done, where it cannot. ``file_columns`` are those of the files of a source that has SQL as well.
    """

    name: str
    key: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    provenance: Provenance | None = None
    lineage: tuple[ColumnOrigin, ...] = ()
    untraceable: str = ""
    file_columns: tuple[str, ...] = ()


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
class Extract:
    """What a source's extract held when the version was made; no part of the version's identity.

    ``shown`` names the origin as declared, without secrets; ``rows`` have landed, ``counted`` the origin said it had
    when it was last read, where it can tell; ``bound`` is the cursor's largest value.
    """

    source: str
    shown: str
    rows: int
    counted: int | None
    bound: str
    landed_at: str


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """Files as manifest rows, and a table per source with ``_event_time`` and ``_known_time`` where it has times.

    A source's table is called ``sources/<source>``; rows that its rules set apart are in ``quarantine/<source>``, with
    the rules they break in ``_broken_rules``, and in no other table. ``patterns`` holds each source of files with the
    pattern they matched, so that a file added later is noticed. ``sources`` says what is known of each, and is no part
    of the version's identity. ``schemas`` holds the own columns of each source that does not come from SQL alone,
    ``changes`` how they differ from the version ``compared_with`` (its content id, empty for none).
    """

    files: tuple[FileEntry, ...]
    tables: tuple[TableRef, ...]
    restore: RestoreReport
    integrity: IntegrityReport | None = None
    patterns: tuple[tuple[str, str], ...] = ()
    sources: tuple[SourceFacts, ...] = ()
    schemas: tuple[SourceSchema, ...] = ()
    changes: tuple[SchemaChange, ...] = ()
    compared_with: str = ""
    extracts: tuple[Extract, ...] = ()

    @property
    def content_id(self) -> str:
        """Identify the bytes of the files and the rows of the tables."""
        files = sorted((entry.path, entry.sha256, entry.source) for entry in self.files)
        return digest_of(["dataset", files, sorted((table.name, table.content_id) for table in self.tables)])

    @property
    def version(self) -> str:
        """The content id, short enough to type."""
        return self.content_id[:12]

    def has_events(self, source: str) -> bool:
        """Whether events of a source's topic have landed in this version."""
        return any(entry.source == source and entry.is_event_part for entry in self.files)

    def facts(self, source: str) -> SourceFacts:
        """Return what is known of a source; of one that the version says nothing of, its name."""
        return next((facts for facts in self.sources if facts.name == source), SourceFacts(source))

    @property
    def kept_columns(self) -> dict[str, tuple[Column, ...]]:
        """The own columns that each source has in this version."""
        return {schema.source: schema.columns for schema in self.schemas}

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
