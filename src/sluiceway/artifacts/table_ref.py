"""A table by its content, wherever a store keeps it."""

from dataclasses import dataclass

NUMBERS = "numbers"
TYPES = ("integer", "number", "text", "time", "boolean", NUMBERS)
NUMERIC = ("integer", "number")


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and kind: integer, number, text, time (UTC, microseconds), boolean, numbers (a list of them)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class TableRef:
    """A stored table's name and content.

    ``content_id`` covers schema and rows in sorted order; ``locator`` is the store's own short cut to it and no part of
    its identity.
    """

    name: str
    content_id: str
    rows: int
    columns: tuple[Column, ...]
    locator: str = ""

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def source(self) -> str:
        """The source whose rows these are: what the name says below its folder."""
        return source_of(self.name)

    def is_below(self, folder: str) -> bool:
        """Whether the table is of one kind, such as ``sources/``."""
        return self.name.startswith(folder)


def source_of(name: str) -> str:
    """Take the source's name out of a table's, such as ``sources/weather``."""
    return name.partition("/")[2]
