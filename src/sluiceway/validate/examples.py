"""Examples: a few of the rows that break a rule, chosen so that the same rows always show the same ones."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from sluiceway.artifacts.dataset_version import EVENT_TIME, KNOWN_TIME
from sluiceway.artifacts.example_rows import ExampleRows
from sluiceway.core.moments import iso
from sluiceway.validate.source_table import SourceTable, one_zero

MOST_ROWS = 20
MOST_COLUMNS = 12
LONGEST_TEXT = 80


def shown_columns(table: SourceTable, about: Sequence[str]) -> list[str]:
    """Name what is shown of a row: its key, what the rule is about, and what else the source declares; at most 12."""
    spelled = {name.lower(): name for name in table.kinds}
    others = [name for each in table.source.expectations for name in each.about]
    wanted = [*table.source.keys, *about, EVENT_TIME, KNOWN_TIME, *others]
    found = dict.fromkeys(spelled[name.lower()] for name in wanted if name.lower() in spelled)
    return list(found)[:MOST_COLUMNS]


def example_rows(rows: pl.LazyFrame, columns: Sequence[str]) -> ExampleRows:
    """Show the first rows in the order of the columns shown; rows that agree in all of them look alike."""
    if not columns:
        return ExampleRows()
    ordered = one_zero(rows.select(columns)).sort(list(columns), nulls_last=True).head(MOST_ROWS)
    return as_examples(ordered.collect(engine="streaming"))


def as_examples(frame: pl.DataFrame) -> ExampleRows:
    """Write a few rows as texts."""
    return ExampleRows(tuple(frame.columns), tuple(tuple(map(as_text, row)) for row in frame.iter_rows()))


def as_text(value: object) -> str | None:
    """Write a value so that it can be recognised; a long text is cut."""
    if value is None:
        return None
    text = iso(value) if isinstance(value, datetime) else str(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def as_words(row: Sequence[object]) -> str:
    """Write a value by itself, several as one: (ATL, missing)."""
    words = ["missing" if value is None else as_text(value) or "" for value in row]
    return words[0] if len(words) == 1 else f"({', '.join(words)})"
