"""Kinds: what type an expression has, and whether its parts go together.

Kinds are the column types integer, number, text, time (UTC) and boolean, and three that only expressions have: ``local``
(a clock reading without a zone, from ``at_zone``), ``interval`` and ``null``. ``None`` means that a column's type is
not known yet.
"""

from collections.abc import Mapping
from functools import reduce

from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.expression_functions import ANY, FUNCTIONS, MOMENT, NUMERIC, SAME
from sluiceway.declare.expression_tree import COMPARISONS, Refused, Tree

Kind = str | None
GROUPS = {NUMERIC: ("integer", "number"), MOMENT: ("time", "local"), "number": ("integer", "number")}
WORDS = {"time": "a time", "local": "a local clock reading", "integer": "an integer", "interval": "an interval"}


def kind_of(tree: Tree, columns: Mapping[str, str] | None) -> Kind:
    """Find the kind of a tree.

    Args:
        tree: As ``expression_tree.read_tree`` makes it.
        columns: Each column's type, names matched without regard to case; ``None`` while no schema is known.

    Raises:
        Refused: parts that do not go together, such as text and a number compared.
        UnknownNameError: a column that the schema lacks.
    """
    tag = tree[0]
    if tag == "column":
        return None if columns is None else columns[column_named(tree[1], columns)]
    if tag == "call":
        return _call(tree[1], tree[2:], columns)
    if tag == "in":
        unified((tree[1], *tree[2]), columns, "IN")
        return "boolean"
    if tag == "case":
        _require("CASE WHEN", [condition for condition, _ in tree[1]], ("boolean",), columns)
        return unified([value for _, value in tree[1]] + [tree[2]], columns, "CASE")
    if tag == "cast":
        return _cast(tree, columns)
    return {"moment": "time"}.get(tag, str(tag))


def column_named(name: str, columns: Mapping[str, str]) -> str:
    """Find a column as the schema spells it.

    Raises:
        UnknownNameError: the schema has none of this name.
    """
    if name in columns:
        return name
    for known in columns:
        if known.lower() == name.lower():
            return known
    raise UnknownNameError("column", name, columns)


def unified(trees: Tree | list[Tree], columns: Mapping[str, str] | None, where: str) -> Kind:
    """Find the one kind that values become where they meet: integers become numbers among numbers.

    Raises:
        Refused: they have none.
    """

    def joined(left: Kind, right: Kind) -> Kind:
        if left == right or right == "null":
            return left
        if left == "null":
            return right
        if left is None or right is None:
            other = left or right
            return None if other == "integer" else other
        if {left, right} == {"integer", "number"}:
            return "number"
        raise Refused(f"{where} brings {_words(left)} and {_words(right)} together; CAST one of them")

    found = [kind_of(tree, columns) for tree in trees]
    if "interval" in found:
        raise Refused(f"an interval can only be added to a time or taken from it, not stand in {where}")
    return reduce(joined, found)


def _call(name: str, arguments: Tree, columns: Mapping[str, str] | None) -> Kind:
    if name in {"+", "-"}:
        return _sum(name, arguments, columns)
    if name in {"*", "/", "//", "%", "neg"}:
        return _arithmetic(name, arguments, columns)
    if name in COMPARISONS:
        unified(arguments, columns, name)
        return "boolean"
    if name in {"and", "or", "not"}:
        _require(name.upper(), arguments, ("boolean",), columns)
        return "boolean"
    if name == "is_null":
        unified(arguments, columns, "IS NULL")
        return "boolean"
    if name == "||":
        for argument in arguments:
            unified((argument,), columns, name)
        return "text"
    return _function(name, arguments, columns)


def _sum(name: str, arguments: Tree, columns: Mapping[str, str] | None) -> Kind:
    left, right = (kind_of(argument, columns) for argument in arguments)
    moments = ("time", "local", "null", None)
    if right == "interval" and left in moments:
        return left
    if left == "interval" and name == "+" and right in moments:
        return right
    if left in {"time", "local"} and right in {"time", "local"} and name == "-":
        raise Refused("a time minus a time is not allowed; use epoch(a) - epoch(b), which is seconds")
    return _arithmetic(name, arguments, columns)


def _arithmetic(name: str, arguments: Tree, columns: Mapping[str, str] | None) -> Kind:
    if name == "//":
        _require("//", arguments, ("integer",), columns)
        return "integer"
    _require(f"operator {'-' if name == 'neg' else name}", arguments, GROUPS[NUMERIC], columns)
    return "number" if name == "/" else unified(arguments, columns, name)


def _function(name: str, arguments: Tree, columns: Mapping[str, str] | None) -> Kind:
    function = FUNCTIONS[name]
    wanted = function.takes + function.takes[-1:] * (len(arguments) - len(function.takes))
    for argument, kind in zip(arguments, wanted, strict=False):
        if kind in {ANY, SAME}:
            unified((argument,), columns, name)
        else:
            _require(f"function {name}", (argument,), GROUPS.get(kind, (kind,)), columns)
    if SAME in wanted:
        together = unified(arguments, columns, name)
        return kind_of(arguments[0], columns) if function.gives == "first" else together
    return kind_of(arguments[0], columns) if function.gives == SAME else function.gives


def _require(where: str, trees: Tree | list[Tree], allowed: tuple[str, ...], columns: Mapping[str, str] | None) -> None:
    for tree in trees:
        kind = kind_of(tree, columns)
        if kind not in {*allowed, "null", None}:
            raise Refused(f"{where} takes {' or '.join(map(_words, allowed))}, got {_words(kind)}{_what(tree)}")


def _cast(tree: Tree, columns: Mapping[str, str] | None) -> Kind:
    kind = kind_of(tree[2], columns)
    if kind == "interval" or (kind in {"time", "local"} and tree[1] != "text"):
        hint = "; epoch() gives its seconds" if kind != "interval" else ""
        raise Refused(f"{_words(kind)} cannot be CAST to {tree[1]}{hint}")
    return str(tree[1])


def _words(kind: Kind) -> str:
    return WORDS.get(str(kind), f"a {kind}" if kind in {"number", "boolean"} else str(kind))


def _what(tree: Tree) -> str:
    return f" in column {tree[1]!r}" if tree[0] == "column" else ""
