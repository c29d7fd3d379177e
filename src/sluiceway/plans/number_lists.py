r"""Number lists: the numbers of a list as features, read to the same bits in SQL, in memory and in plain Python.

Tables hold lists as such (see ``list_columns``), or as JSON text like ``[0.5,1]``, which is how they stand in CSV. A
list has a fixed size to a feature: of one that has another, and of a text that is no list, no number is read. What
stands in it but is no number is missing by itself.
"""

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from sluiceway.artifacts.table_ref import NUMBERS
from sluiceway.plans.single_precision import as_single

LIST = r"^[ \t\r\n]*\[([^\[\]]*)\][ \t\r\n]*$"
NUMBER = r"^[ \t\r\n]*(-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)[ \t\r\n]*$"
_list, _number = re.compile(LIST.replace("$", r"\Z")), re.compile(NUMBER.replace("$", r"\Z"))


def numbers_sql(column: str, size: int, kind: str = "text") -> tuple[str, ...]:
    """Read each number off a column of lists, or of texts, in SQL, as a double."""
    if kind == NUMBERS:
        return tuple(f"CASE WHEN len({column}) = {size} THEN {column}[{place}] END" for place in range(1, size + 1))
    parts = f"string_split(regexp_extract({column}, '{LIST}', 1), ',')"
    return tuple(
        f"CASE WHEN len({parts}) = {size} THEN TRY_CAST(regexp_extract({parts}[{place}], '{NUMBER}', 1) AS DOUBLE) END"
        for place in range(1, size + 1)
    )


def numbers_in(values: pl.Series, size: int) -> list[pl.Series]:
    """Read each number off lists, or off texts, as doubles."""
    return _of_lists(values, size) if isinstance(values.dtype, pl.List) else _of_texts(values, size)


def _of_lists(lists: pl.Series, size: int) -> list[pl.Series]:
    """Lay the lists that fit side by side, and cut them across."""
    fits = (lists.list.len() == size).fill_null(value=False)
    found = np.full((size, len(lists)), np.nan)
    if fits.any():
        members = lists.filter(fits).explode(empty_as_null=False).fill_null(np.nan).to_numpy()
        found[:, fits.to_numpy()] = members.reshape(-1, size).T
    return [pl.Series(each).fill_nan(None) for each in found]


def _of_texts(texts: pl.Series, size: int) -> list[pl.Series]:
    """Take every text apart once."""
    parts = texts.str.extract(LIST, 1).str.split(",")
    kept = pl.select(pl.when(parts.list.len() == size).then(parts)).to_series()
    each = (kept.list.get(place, null_on_oob=True) for place in range(size))
    return [part.str.extract(NUMBER, 1).cast(pl.Float64, strict=False) for part in each]


def numbers_of(value: object, size: int) -> list[float | None]:
    """Read each number off a list or a text, as float32 holds it.

    >>> numbers_of([0.5, None], 2), numbers_of("[0.5, null]", 2), numbers_of("[0.5]", 2)
    ([0.5, None], [0.5, None], [None, None])
    """
    if isinstance(value, list):
        fitting: Sequence[float | None] = value if len(value) == size else [None] * size
        return [None if number is None else as_single(number) for number in fitting]
    found = _list.match(str(value))
    parts = found[1].split(",") if found else []
    if len(parts) != size:
        return [None] * size
    return [as_single(float(number[1])) if (number := _number.match(part)) else None for part in parts]
