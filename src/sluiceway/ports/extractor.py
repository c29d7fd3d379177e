"""Extractors: the rows of a database or an API, as a stream."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol

from sluiceway.artifacts.landing import Bound, Counted
from sluiceway.core.errors import SourceError
from sluiceway.declare.api import Api
from sluiceway.declare.database import Database

if TYPE_CHECKING:
    import pyarrow as pa

Origin = Database | Api


@dataclass(frozen=True, slots=True)
class Since:
    """Where an earlier reading ended: the cursor's largest value, and the Arrow schema that its rows had."""

    bound: Bound
    schema: "pa.Schema"


@dataclass(frozen=True, slots=True)
class Extraction:
    """Rows on their way: every batch has this schema. ``counted`` is what the origin holds, where it can tell.

    ``ordered`` says that the origin was asked for them by their cursor, the least first. Columns are flat: whole
    numbers, floats, decimals, booleans, dates, timestamps and texts.
    """

    schema: "pa.Schema"
    batches: "Iterator[pa.RecordBatch]"
    counted: Counted | None = None
    ordered: bool = False


class Extractor(Protocol):
    """Reads origins, and never writes to one. Not safe to share between threads.

    A batch holds some tens of MiB at most, whatever the origin holds. Rows come in no order, unless their extraction
    says so. Rows and count of one reading are of one moment, where the origin can do that. An error names the origin as
    declared, and no secret.
    """

    def place(self, origin: Origin) -> str:
        """Identify where an origin is, with the environment filled in, as a digest without user or secrets.

        Raises:
            SourceError: a variable is not set.
        """

    def probe(self, origin: Origin, bound: Bound) -> Counted | None:
        """Count, cheaply, what is there and what is at and beyond a bound; ``None`` where that cannot be done.

        Raises:
            SourceError: the origin cannot be reached or read.
        """

    def read(self, origin: Origin, since: Since | None = None) -> AbstractContextManager[Extraction]:
        """Read every row, or those whose cursor is at or beyond where an earlier reading ended.

        Raises:
            SourceError: the origin cannot be reached or read, also while the batches are drawn; or a column is of a
                type that has no flat equivalent.
        """


class NoExtractor:
    """Stands where nothing can be extracted."""

    def place(self, origin: Origin) -> NoReturn:
        """Refuse."""
        raise SourceError(f"{origin.shown}: this workspace reads no databases and no APIs")

    def probe(self, origin: Origin, bound: Bound) -> NoReturn:  # noqa: ARG002
        """Refuse."""
        self.place(origin)

    def read(self, origin: Origin, since: Since | None = None) -> NoReturn:  # noqa: ARG002
        """Refuse."""
        self.place(origin)
