"""The SQL of a draft: the data's rows with a key, names that need no quotes, a time, and the label."""

from collections.abc import Iterator

from sluiceway.plans.quoting import quoted
from sluiceway.start.draft import KEY, PRETENDED_TIME, Draft, marks
from sluiceway.start.layout import WIDTH, comment, listed
from sluiceway.start.most_telling import random_order
from sluiceway.start.question import Questions
from sluiceway.start.safe_names import bare
from sluiceway.start.spans import spacing

INDENT = 4


def sql_text(draft: Draft, questions: Questions) -> str:
    """Write the statement that makes the project's table of the data's rows."""
    about = f"Each row of {draft.sample.shown}, as the project knows it; in DuckDB's SQL."
    lines = comment(about, sign="--")
    if draft.time.chosen is None:
        lines += _numbered(draft, questions)
    else:
        lines += ["SELECT", *_columns(draft, questions), *_from(draft)]
    return "\n".join([*lines, *_left_out(draft)]) + "\n"


def _numbered(draft: Draft, questions: Questions) -> list[str]:
    """Set rows without a time one after the other."""
    distance = spacing(draft.sample.rows)
    inside = ["SELECT", *_columns(draft, questions), *_from(draft)]
    return [
        "WITH numbered AS (",
        *(f"    {line}" for line in inside),
        ")",
        *comment(questions.mark("time"), sign="--"),
        f"SELECT *, TIMESTAMPTZ '2001-01-01 00:00:00+00' + {KEY} * INTERVAL {distance} AS {PRETENDED_TIME}",
        "FROM numbered",
    ]


def _columns(draft: Draft, questions: Questions) -> Iterator[str]:
    yield from _key(draft)
    if draft.time.chosen is not None:
        yield from comment(questions.mark("time"), sign="--", indent=INDENT)
        yield f"    {_as(draft.time.chosen.sql, draft.at)},"
    kept = [name for name in draft.inputs if name != draft.key]
    if kept:
        lines = listed((_as(draft.facts[name].sql, draft.names[name]) for name in kept), indent=INDENT)
        yield from [*lines[:-1], f"{lines[-1]},"]
    yield from comment(questions.mark("positive"), sign="--", indent=INDENT)
    yield f"    CAST({draft.target.sql} AS INTEGER) AS {draft.label}"


def _key(draft: Draft) -> list[str]:
    """Take the data's key, or number its rows: by their time, else at random, and by all that becomes of them."""
    if draft.key is not None:
        return [f"    {_as(draft.facts[draft.key].sql, draft.names[draft.key])},"]
    made_of = [bare(quoted(name)) for name in (*draft.inputs, *draft.target.columns)]
    if draft.time.chosen is not None:
        return _over([draft.time.chosen.sql, *made_of])
    return _over([random_order(marks(draft.facts, draft.target)), *made_of])


def _over(order: list[str]) -> list[str]:
    line = f"    row_number() OVER (ORDER BY {', '.join(order)}) AS {KEY},"
    if len(line) <= WIDTH - INDENT:
        return [line]
    return ["    row_number() OVER (ORDER BY", *listed(order, indent=2 * INDENT), f"    ) AS {KEY},"]


def _from(draft: Draft) -> list[str]:
    lines = [f"FROM {draft.source}"]
    if draft.time.chosen is not None and draft.time.chosen.values.null_count():
        lines.append(f"WHERE {draft.time.chosen.sql} IS NOT NULL")
    return lines


def _as(sql: str, name: str) -> str:
    return name if sql == name else f"{sql} AS {name}"


def _left_out(draft: Draft) -> Iterator[str]:
    reasons = [(each.column, each.reason) for each in draft.choice.left_out]
    if not draft.choice.keeps_suspects:
        reasons += [(name, f"{reason}: known before the outcome?") for name, reason in draft.choice.suspects.items()]
    if draft.choice.too_many:
        yield f"-- Passed over: {draft.choice.too_many:,} columns, which alone tell less of the earlier outcomes."
    if reasons:
        yield "-- Left out:"
    for name, reason in reasons:
        yield from comment(f"  {' '.join(name.split())}: {reason}", sign="--")
