"""Open answers: what makes SQL answer otherwise at another run: the moment, chance, an order of rows left open."""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

CHANGING = re.compile(
    r"current_\w+|now|today|localtime|localtimestamp|transaction_timestamp|get_current_\w+|\w+_timestamp_now"
    r"|txid_current|rand|random|setseed|uuid\w*|gen_random_uuid|\w+_shuffle"
)
MOMENT_WORDS = frozenset({"now", "today", "tomorrow", "yesterday"})
MOMENTS = ("DATE", "TIME")
PICKS = frozenset({"first", "last", "any_value", "arbitrary"})
BY_PLACE = PICKS | {
    *("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"),
    *("lag", "lead", "first_value", "last_value", "nth_value", "fill"),
}


def open_answers(statement: "exp.Expr") -> Iterator[str]:
    """Say what in a statement leaves its answer open, and what to write instead.

    Ties in an ORDER BY are not seen: which of equal rows comes first is for the statement to settle.
    """
    from sqlglot import exp

    for function in statement.find_all(exp.Func):
        yield from _of_function(function)
    for window in statement.find_all(exp.Window):
        yield from _of_window(window)
    if statement.find(exp.TableSample):
        yield "it takes a sample; choose rows by a condition, such as hash(id) % 10 = 0"
    for query in statement.find_all(exp.Query):
        yield from _of_query(query)


def called(function: "exp.Func") -> str:
    """Name a function as it is called, in small letters."""
    from sqlglot import exp

    return (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).lower()


def _of_function(function: "exp.Func") -> Iterator[str]:
    from sqlglot import exp

    name = called(function)
    if CHANGING.fullmatch(name):
        yield f"{name}() gives another answer at every run; leave it out, times come from --as-of"
    if name == "age" and len(function.expressions) == 1:
        yield "age() of one time counts to today; write age(later, earlier)"
    if name in PICKS and not _has_own_order(function) and not isinstance(_around(function), exp.Window):
        yield (
            f"{name}() takes whichever row comes first; write first(x ORDER BY y), or max(x) where all values are equal"
        )
    cast = isinstance(function, exp.Cast | exp.TryCast) and str(function.to.this.value).startswith(MOMENTS)
    word = function.this if cast or isinstance(function, exp.Date | exp.Timestamp) else None
    if isinstance(word, exp.Literal) and word.is_string and word.name.strip().lower() in MOMENT_WORDS:
        yield f"{word.sql()} is another moment at every run; write the date itself, such as DATE '2024-01-31'"


def _of_window(window: "exp.Window") -> Iterator[str]:
    from sqlglot import exp

    function = window.this
    while isinstance(function, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        function = function.this
    if not isinstance(function, exp.Func) or _is_ordered(window) or _has_own_order(function):
        return
    frame = window.args.get("spec")
    if called(function) in BY_PLACE or (frame is not None and frame.args.get("kind") == "ROWS"):
        yield f"{called(function)}() OVER a window without ORDER BY has no order to follow; add ORDER BY to the window"


def _of_query(query: "exp.Query") -> Iterator[str]:
    from sqlglot import exp

    if query.args.get("order"):
        return
    if query.args.get("limit") or query.args.get("offset"):
        yield "LIMIT or OFFSET without ORDER BY takes any rows; add ORDER BY columns that tell rows apart"
    distinct = query.args.get("distinct")
    if isinstance(distinct, exp.Distinct) and distinct.args.get("on"):
        yield "DISTINCT ON without ORDER BY takes any row of each; add ORDER BY"


def _is_ordered(window: "exp.Window") -> bool:
    """Whether a window has an ORDER BY, or is built on a named one that has."""
    from sqlglot import exp

    if window.args.get("order"):
        return True
    select = window.find_ancestor(exp.Select)
    named = select.args.get("windows") or () if select else ()
    earlier = takewhile(lambda other: other is not window, named)
    return any(_is_ordered(other) for other in earlier if other.name.lower() == window.alias.lower())


def _has_own_order(function: "exp.Func") -> bool:
    """Whether a function orders its own arguments: ``first(x ORDER BY y)``."""
    from sqlglot import exp

    return any(isinstance(argument, exp.Order) for argument in (function.this, *function.expressions))


def _around(function: "exp.Func") -> "exp.Expr | None":
    """Return what a function stands in, past FILTER and IGNORE NULLS."""
    from sqlglot import exp

    parent = function.parent
    while isinstance(parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        parent = parent.parent
    return parent
