"""Quoting: names and literals as DuckDB's dialect spells them."""

from collections.abc import Iterable


def quoted(name: str) -> str:
    """Write a column's or a table's name so that any text is safe.

    >>> quoted('an "odd" name')
    '"an ""odd"" name"'
    """
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str], table: str = "") -> str:
    """Write several names, each of one table when it is given.

    >>> listed(["origin", "hour"], "s")
    's."origin", s."hour"'
    """
    before = f"{table}." if table else ""
    return ", ".join(before + quoted(name) for name in names)


def same(names: Iterable[str], left: str, right: str) -> str:
    """Join two tables on equal columns; a missing value equals nothing.

    >>> same(["origin"], "s", "r")
    's."origin" = r."origin"'
    """
    return " AND ".join(f"{left}.{quoted(name)} = {right}.{quoted(name)}" for name in names)


def present(names: Iterable[str]) -> str:
    """Ask that none of the columns is missing."""
    return " AND ".join(f"{quoted(name)} IS NOT NULL" for name in names)
