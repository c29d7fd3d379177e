"""The expectations of a draft: what is suggested for the rows that are asked about, as a module of its own."""

from collections.abc import Iterator
from datetime import datetime

import polars as pl
import pyarrow as pa

from sluiceway.artifacts.dataset_version import KNOWN_TIME
from sluiceway.artifacts.table_ref import Column, TableRef
from sluiceway.declare.source import Source
from sluiceway.plans.table_digest import columns_of, normalise
from sluiceway.start.draft import Draft
from sluiceway.start.layout import CODE_WIDTH, comment, restyled
from sluiceway.start.personal import is_personal
from sluiceway.validate.source_table import SourceTable
from sluiceway.validate.suggest import Suggestion, suggest

MODULE, LIST_NAME = "expectations", "asked_expectations"
MOST_COLUMNS = 100
COUNTED = ("sw.rows(", "sw.unique(")
INDENT = 4


def expectations_text(draft: Draft, asked: pa.Table, *, now: datetime) -> str:
    """Write ``expectations.py``.

    Args:
        draft: What the project says.
        asked: The sample as the project's source ``asked`` has it.
        now: From when freshness counts (UTC).
    """
    wide = asked.num_columns > MOST_COLUMNS
    made = suggest(
        source_table(draft, asked.select(range(min(asked.num_columns, MOST_COLUMNS)))),
        version="",
        now=now,
        hidden=[draft.names[name] for name in draft.names if is_personal(name)],
    )
    lines = [line for each in made.made for line in written(each, is_whole=draft.sample.is_whole)]
    more = f" Only the first {MOST_COLUMNS} columns: `sluiceway validate suggest asked` has the rest." if wide else ""
    about = (
        f"What rows of `asked` are like, from {draft.sample.words}. That need not be what they should be: read each "
        f"line, and keep what must hold.{more}"
    )
    head = [
        '"""What the rows that are asked about must be like: suggestions, to be read by a person."""',
        "",
        "import sluiceway as sw",
        "",
    ]
    return "\n".join([*head, *comment(about), f"{LIST_NAME} = [", *lines, "]"]) + "\n"


def source_table(draft: Draft, asked: pa.Table) -> SourceTable:
    """Put the sample's rows as the validation of a source has them."""
    plain = normalise(asked)
    frame = pl.DataFrame(pl.from_arrow(plain))
    columns = list(columns_of(plain))
    source = Source("asked", sql=f"SELECT * FROM {draft.source}", key=draft.key_name, event_time=draft.at)
    if draft.time.chosen is not None:
        frame = frame.with_columns(frame[draft.at].alias(KNOWN_TIME))
        columns.append(Column(KNOWN_TIME, "time"))
    return SourceTable(source, TableRef("asked", "", plain.num_rows, tuple(columns)), frame)


def written(suggestion: Suggestion, *, is_whole: bool) -> Iterator[str]:
    """Write one suggestion as lines of the list, with its reason; what a sample cannot tell as a comment."""
    is_counted = suggestion.code.startswith(COUNTED) or suggestion.code.endswith(".unique()")
    if suggestion.is_doubtful or (is_counted and not is_whole):
        doubt = "" if suggestion.is_doubtful else " (of the sample)"
        yield from comment(f"{suggestion.code},  # {suggestion.reason}{doubt}", indent=INDENT)
        return
    lines = restyled(suggestion.code, indent=INDENT)
    beside = f"{lines[0]}  # {suggestion.reason}"
    if len(lines) == 1 and len(beside) <= CODE_WIDTH:
        yield beside
    else:
        yield from [*comment(suggestion.reason, indent=INDENT), *lines]
