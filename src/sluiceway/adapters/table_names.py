"""Table names: what every store of tables accepts, and refuses, alike."""

import re
from collections.abc import Sequence

from sluiceway.artifacts.table_ref import TableRef
from sluiceway.core.errors import MisuseError, UnknownNameError

PART = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
NAME = re.compile(rf"{PART}(/{PART})*")
DERIVED = re.compile(rf"{NAME.pattern}(@[0-9a-f]{{64}})?")


def checked_name(name: str) -> str:
    """Refuse a name that is no plain relative path.

    Raises:
        MisuseError: it has other characters, empty parts, or a part that starts with a dot.
    """
    if not NAME.fullmatch(name):
        raise MisuseError(
            f"{name!r} is not a table's name; write letters, digits, '_', '-', '.', in parts joined by '/', such as "
            "'sources/weather'"
        )
    return name


def checked_key(key: str) -> str:
    """Refuse a derived table's key that is no table's name, with or without a content id behind it.

    Raises:
        MisuseError: it is none.
    """
    if not DERIVED.fullmatch(key):
        raise MisuseError(
            f"{key!r} is not a derived table's key; write letters, digits, '_', '-', '.', in parts joined by '/', then "
            "if need be '@' and a content id"
        )
    return key


def require_columns(ref: TableRef, columns: Sequence[str] | None) -> None:
    """Refuse to read a column that the table lacks.

    Raises:
        UnknownNameError: the first such column, and what there is.
    """
    for column in columns or ():
        if column not in ref.column_names:
            raise UnknownNameError(f"column of table {ref.name!r}", column, ref.column_names)
