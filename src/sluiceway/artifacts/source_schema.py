"""The schema of what a source delivered, and how it differs from the last one that was accepted."""

from dataclasses import dataclass

from sluiceway.artifacts.table_ref import Column


@dataclass(frozen=True, slots=True)
class SourceSchema:
    """A source's own columns, before its SQL and its times, as one version keeps them.

    ``policy`` is what the source declares, empty where it declares none. ``discarded`` holds the columns that were
    dropped as unknown, with the number of values, missing ones not counted. ``uneven`` names the kept columns that some
    of the source's files lack.
    """

    source: str
    policy: str
    columns: tuple[Column, ...]
    discarded: tuple[tuple[str, int], ...] = ()
    uneven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One column of a source that is otherwise than in the version compared with.

    ``kind`` is ``new``, ``vanished``, ``widened`` (every value still fits the new kind) or ``changed`` (it may not).
    ``before`` and ``after`` are kinds of columns, empty where there is no such column. ``perhaps`` names the vanished
    column that a new one may be by another name.
    """

    source: str
    column: str
    kind: str
    before: str
    after: str
    perhaps: str = ""

    def __str__(self) -> str:
        if self.kind == "new":
            renamed = f", perhaps {self.perhaps} renamed" if self.perhaps else ""
            return f"{self.column} is new ({self.after}){renamed}"
        if self.kind == "vanished":
            return f"{self.column} vanished (it was {self.before})"
        return f"{self.column} {self.kind} from {self.before} to {self.after}"
