"""Expressions: one row's arithmetic in DuckDB's dialect, the same in batch SQL and at request time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.expression_kind import Kind, kind_of
from sluiceway.declare.expression_sql import sql_of
from sluiceway.declare.expression_tree import Refused, Tree, read_tree
from sluiceway.declare.names import refuse
from sluiceway.declare.written_sql import parsed_all

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression over the columns of one row.

    ``text`` is what was written; ``columns`` the columns it uses, as written; ``sql`` the same meaning as DuckDB SQL,
    every name quoted, every operation in brackets, literals with their types; ``tree`` what request time compiles
    (see ``expression_tree``).
    """

    text: str
    columns: frozenset[str]
    sql: str
    tree: Tree


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """Read an expression in the grammar of ``docs/expressions.md``.

    Raises:
        DeclarationError: it is no expression, or holds what the grammar does not.

    >>> parse_expression("arr_delay > 30").sql
    '("arr_delay" > 30::BIGINT)'
    """
    try:
        tree = read_tree(parse_text(text, wanted='one expression, such as "arr_delay > 30"'))
        _require_value(tree)
        return Expression(text, frozenset(_columns(tree)), sql_of(tree), tree)
    except Refused as error:
        raise refuse(f"expression {text!r}: {error}") from None
    except RecursionError:
        raise refuse(f"expression {text[:80]!r}...: it is nested too deep; split it") from None


def bind_expression(expression: Expression, columns: Mapping[str, str]) -> Kind:
    """Check an expression against a schema and find the kind of its value; ``None`` only where it is a bare NULL.

    Args:
        expression: As parsed.
        columns: Each column's type: integer, number, text, time or boolean. Names match without regard to case.

    Raises:
        DeclarationError: a column is unknown, or types do not go together.
    """
    try:
        kind = kind_of(expression.tree, columns)
    except (Refused, UnknownNameError) as error:
        raise refuse(f"expression {expression.text!r}: {error}") from None
    return None if kind == "null" else kind


def _require_value(tree: Tree) -> None:
    if kind_of(tree, None) == "interval":
        raise Refused("an interval alone is no value; add it to a time")


def parse_text(text: str, *, wanted: str) -> "exp.Expression":
    """Read one expression or statement, every function under the name it was written with; ``wanted`` is for refusals.

    Raises:
        Refused: it cannot be read, or is several.
    """
    from sqlglot.errors import SqlglotError

    try:
        found = parsed_all(text)
    except SqlglotError as error:
        words = " ".join(str(part["description"]) for part in getattr(error, "errors", [])) or "it cannot be read"
        if "<class" in words:  # the parser names what it was about to make
            words = "something is missing, perhaps at its end"
        raise Refused(f"{words.rstrip('.')}. Write {wanted}") from None
    tree = found[0] if len(found) == 1 else None
    if tree is None:
        raise Refused(f"it is {'several statements' if len(found) > 1 else 'empty'}. Write {wanted}")
    return tree


def _columns(node: object) -> Iterator[str]:
    if isinstance(node, tuple):
        if len(node) == 2 and node[0] == "column":  # noqa: PLR2004 - a column node is a tag and a name
            yield node[1]
        else:
            for part in node:
                yield from _columns(part)
