"""Unusable columns: what no model could learn from, with the reason."""

import re
from collections.abc import Collection, Iterator

import polars as pl

from sluiceway.artifacts.table_ref import NUMBERS
from sluiceway.start.columns import ColumnFacts, Facts
from sluiceway.start.question import LeftOut

ID_NAME = re.compile(r"(^|_)(id|uuid|guid|no|nr|key|index|row|rowid|number|unnamed.*)$|^$", re.IGNORECASE)
FEW_ROWS = 20
NEARLY_ALL = 0.95
LONG_CHARACTERS, MANY_WORDS = 50, 5
MOST_CODES, ROWS_A_CODE = 200, 20


def unusable(facts: Facts, *, besides: Collection[str]) -> Iterator[LeftOut]:
    """Yield every column, but those in ``besides``, of which nothing can be learnt, with the reason."""
    for each in facts.values():
        if each.name not in besides and (reason := reason_against(each)):
            yield LeftOut(each.name, reason)


def reason_against(facts: ColumnFacts) -> str:
    """Say why a column is no use to a model; nothing where it may be."""
    if not facts.there:
        return "every value is missing"
    if facts.distinct == 1 and not facts.missing:
        return f"its only value is {_shortened(facts.present()[0])}"
    if facts.kind == "time":
        return "a time; compute what it tells in a RequestView, such as epoch(…) or hour(…)"
    if facts.kind == NUMBERS:
        return "a list of numbers; take them as features by a view with sw.latest(…, size=…)"
    if facts.kind == "text":
        return _against_text(facts)
    if facts.kind == "integer" and facts.rows >= FEW_ROWS and facts.is_unique and looks_like_id(facts):
        return f"an identifier: all {facts.rows:,} values differ"
    return ""


def looks_like_id(facts: ColumnFacts) -> bool:
    """Tell whether whole numbers, all different, are only names: called so, or counted without a gap."""
    low, high = facts.values.min(), facts.values.max()
    is_counted = isinstance(low, int) and isinstance(high, int) and high - low == facts.rows - 1
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", facts.name)
    return is_counted or ID_NAME.search(name) is not None


def _against_text(facts: ColumnFacts) -> str:
    present = facts.present()
    if facts.rows >= FEW_ROWS and facts.distinct >= NEARLY_ALL * facts.there:
        if _is_prose(present):
            return f"free text: {facts.distinct:,} different ones in {facts.there:,} rows"
        return f"an identifier: {facts.distinct:,} values in {facts.there:,} rows"
    if facts.distinct > FEW_ROWS and _is_prose(present):
        return f"free text: {facts.distinct:,} different ones in {facts.there:,} rows"
    if facts.distinct > MOST_CODES and facts.rows_a_value < ROWS_A_CODE:
        return f"too many values to learn each: {facts.distinct:,} in {facts.there:,} rows"
    return ""


def _is_prose(texts: pl.Series) -> bool:
    length, spaces = texts.str.len_chars().mean(), texts.str.count_matches(" ").mean()
    return (
        isinstance(length, float)
        and isinstance(spaces, float)
        and (length > LONG_CHARACTERS or spaces + 1 >= MANY_WORDS)
    )


def _shortened(value: object) -> str:
    written = repr(value)
    return written if len(written) <= LONG_CHARACTERS else f"{written[:LONG_CHARACTERS]}…"
