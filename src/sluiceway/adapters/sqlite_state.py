"""The state store in one SQLite file, durable at every append."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sluiceway.core.disk_trouble import disk_trouble, number_of
from sluiceway.core.errors import ConflictError, DamagedError, SourceError, TransientError
from sluiceway.ports.state_store import StoredEntry, require_following

BUSY_S = 30.0
PAGE_ROWS = 1000
TABLE = """CREATE TABLE IF NOT EXISTS entries (
    sequence INTEGER PRIMARY KEY, previous TEXT NOT NULL UNIQUE, digest TEXT NOT NULL UNIQUE, body BLOB NOT NULL)"""
NEWEST = "SELECT sequence, previous, digest, body FROM entries ORDER BY sequence DESC LIMIT 1"
PAGE = "SELECT sequence, previous, digest, body FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?"
INSERT = "INSERT INTO entries (sequence, previous, digest, body) VALUES (?, ?, ?, ?)"


class SqliteState:
    """Entries in a SQLite file; each call opens and closes it, so that threads, forks and kills need no care.

    A rollback journal rather than a write-ahead log keeps the evidence in one file that can be copied at rest, and
    ``synchronous=EXTRA`` syncs its folder too before ``append`` returns. A missing file is an empty store; only
    ``append`` makes it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def append(self, entry: StoredEntry) -> None:
        """Add an entry after the newest.

        Raises:
            ConflictError: it does not follow the newest by number and digest.
            TransientError: other processes kept the file busy for 30 s.
            DamagedError: the file is not the database it was.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._connected("rwc") as connection:
            connection.execute("PRAGMA synchronous=EXTRA")
            connection.execute("BEGIN IMMEDIATE")  # nobody else can append between the look and the insert
            connection.execute(TABLE)
            require_following(_newest(connection), entry)
            connection.execute(INSERT, (entry.sequence, entry.previous, entry.digest, entry.body))
            connection.execute("COMMIT")

    def newest(self) -> StoredEntry | None:
        """Return the newest entry, or ``None`` while there is none."""
        if not self._file.exists():
            return None
        with self._connected("rw") as connection:
            return _newest(connection) if _has_table(connection) else None

    def entries(self, after: int = 0) -> Iterator[StoredEntry]:
        """Yield the entries behind a sequence number, oldest first, holding no lock in between."""
        last = after
        while page := self._page_after(last):
            yield from page
            last = page[-1].sequence

    def _page_after(self, last: int) -> list[StoredEntry]:
        if not self._file.exists():
            return []
        with self._connected("rw") as connection:
            rows = connection.execute(PAGE, (last, PAGE_ROWS)).fetchall() if _has_table(connection) else []
            return [_entry(row) for row in rows]

    @contextmanager
    def _connected(self, mode: str) -> Iterator[sqlite3.Connection]:
        """Open, and say in our own words what SQLite says in its; what was not committed is undone by closing."""
        try:
            place = f"{self._file.absolute().as_uri()}?mode={mode}"
            connection = sqlite3.connect(place, timeout=BUSY_S, isolation_level=None, uri=True)
            try:
                yield connection
            finally:
                connection.close()
        except sqlite3.IntegrityError as error:
            raise ConflictError(
                f"the ledger {self._file} already has such an entry ({error}); read it again and retry"
            ) from error
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise TransientError(f"the ledger {self._file} was busy for {BUSY_S:.0f} s; try again") from error
            if number_of(error) is not None:
                raise SourceError(f"the ledger {self._file} cannot be written: {disk_trouble(error)}") from error
            raise SourceError(
                f"the ledger {self._file} cannot be used: {error}; check the disk and the rights"
            ) from error
        except sqlite3.DatabaseError as error:
            raise DamagedError(f"the ledger {self._file} is damaged: {error}; restore it from a copy") from error


def _has_table(connection: sqlite3.Connection) -> bool:
    """Tell whether the first append was committed: a kill, or another process at work, leaves an empty file."""
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone() is not None


def _newest(connection: sqlite3.Connection) -> StoredEntry | None:
    row = connection.execute(NEWEST).fetchone()
    return None if row is None else _entry(row)


def _entry(row: tuple[int, str, str, bytes | str]) -> StoredEntry:
    """Give the body as bytes, also where somebody edited it into text."""
    sequence, previous, digest, body = row
    return StoredEntry(sequence, previous, digest, body.encode() if isinstance(body, str) else bytes(body))
