"""The extractor of databases: one for each kind, by its dialect and its sessions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sluiceway.adapters.filled_secrets import FilledSecrets
from sluiceway.artifacts.landing import Bound, Counted
from sluiceway.core.errors import SourceError
from sluiceway.declare.database import Database
from sluiceway.plans.extract_sql import Dialect, counts_sql
from sluiceway.ports.extractor import Extraction, Origin, Since

if TYPE_CHECKING:
    import pyarrow as pa

ADVICE = "nothing that has landed before is lost; see to the database, and run again"


class Session(Protocol):
    """One transaction that only reads."""

    def one(self, sql: str) -> tuple[object, ...]:
        """Return the first row."""

    def stream(
        self, origin: Database, since: Since | None, *, ordered: bool
    ) -> "tuple[pa.Schema, Iterator[pa.RecordBatch]]":
        """Return the rows at or beyond a bound, or all, in flat columns; ``ordered`` by their cursor."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of database: how it is spoken to, how it is connected to by its address, and how its driver fails.

    ``sorts`` says that it can sort more than fits into memory.
    """

    dialect: Dialect
    connect: Callable[[str], AbstractContextManager[Session]]
    errors: Callable[[], tuple[type[BaseException], ...]]
    sorts: bool = True


class SqlExtractor:
    """Reads tables and queries of one kind of database, streaming, in one transaction."""

    def __init__(self, kind: Kind, environment: Mapping[str, str], *, ordered_from_rows: int) -> None:
        self._kind = kind
        self._ordered_from_rows = ordered_from_rows
        self._environment = environment

    def place(self, origin: Origin) -> str:
        """Digest host, port and database."""
        secrets = FilledSecrets(self._environment, origin.shown)
        with self._telling(secrets):
            return secrets.place(origin.url)

    def probe(self, origin: Origin, bound: Bound) -> Counted | None:
        """Count in one statement."""
        secrets, database = FilledSecrets(self._environment, origin.shown), _database(origin)
        with self._session(database, secrets) as session, self._telling(secrets):
            return counted(session, counts_sql(database, self._kind.dialect, bound))

    @contextmanager
    def read(self, origin: Origin, since: Since | None = None) -> Iterator[Extraction]:
        """Count and stream in one transaction; many rows by their cursor, so that who lands them can go on later."""
        secrets, database = FilledSecrets(self._environment, origin.shown), _database(origin)
        with self._session(database, secrets) as session:
            with self._telling(secrets):
                sql = counts_sql(database, self._kind.dialect, since.bound if since else None)
                found = counted(session, sql)
                coming = found.rows if since is None else found.at + found.beyond
                ordered = self._kind.sorts and database.cursor is not None and coming >= self._ordered_from_rows
                schema, batches = session.stream(database, since, ordered=ordered)
            yield Extraction(schema, self._told(batches, secrets), found, ordered)

    @contextmanager
    def _session(self, database: Database, secrets: FilledSecrets) -> Iterator[Session]:
        """Open a session; what goes wrong inside it is told by whoever does it."""
        with ExitStack() as stack:
            with self._telling(secrets):
                session = stack.enter_context(self._kind.connect(secrets.address(database.url)))
            yield session

    def _told(self, batches: "Iterator[pa.RecordBatch]", secrets: FilledSecrets) -> "Iterator[pa.RecordBatch]":
        while True:
            with self._telling(secrets):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def _telling(self, secrets: FilledSecrets) -> AbstractContextManager[None]:
        import pyarrow as pa

        return secrets.telling(*self._kind.errors(), ValueError, OSError, pa.ArrowException, advice=ADVICE)


def counted(session: Session, sql: str) -> Counted:
    """Run a counting statement."""
    rows, at, beyond = session.one(sql)
    return Counted(int(str(rows)), int(str(at)), int(str(beyond)))


def _database(origin: Origin) -> Database:
    if not isinstance(origin, Database):
        raise SourceError(f"{origin.shown} is no database")
    return origin
