"""Kinds: what type an expression has, and whether its parts go together.

Kinds are the column types integer, number, text, time (UTC) and boolean, and three that only expressions have:
``local`` (a clock reading without a zone, from ``at_zone``), ``interval`` and ``null``. ``None`` means that a
column's type is not known yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import TypeAlias

from sluiceway.core.errors import UnknownNameError
from sluiceway.declare.expression_functions import ANY, FUNCTIONS, MOMENT, NUMERIC, SAME
from sluiceway.declare.expression_tree import COMPARISONS, Refused, Tree

Kind: TypeAlias = str | None

GROUPS = {NUMERIC: ("integer", "number"), MOMENT: ("time", "local")}
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
    if tree[0] == "column":
        return None if columns is None else _of_column(column_named(tree[1], columns), columns)
    return kind_from(tree, [kind_of(child, columns) for child in children(tree)])


def _of_column(name: str, columns: Mapping[str, str]) -> Kind:
    if columns[name] == "numbers":
        raise Refused(
            f"column {name!r} is a list of numbers, which no expression takes; make a column of what you need of it in "
            f"the source's sql, or take its numbers as features by sw.latest({name!r}, size=…)"
        )
    return columns[name]


def children(tree: Tree) -> tuple[Tree, ...]:
    """List the trees right below one: of a CASE, each condition and value in turn, then the ELSE."""
    tag = tree[0]
    if tag == "call":
        return tuple(tree[2:])
    if tag == "in":
        return (tree[1], *tree[2])
    if tag == "case":
        return (*(part for branch in tree[1] for part in branch), tree[2])
    if tag == "try":
        return (tree[1],)
    return (tree[2],) if tag == "cast" else ()


def kind_from(tree: Tree, kinds: Sequence[Kind]) -> Kind:
    """Find the kind of a tree that is no column, given its children's.

    Raises:
        Refused: they do not go together.
    """
    tag = tree[0]
    if tag == "call":
        return _call(tree[1], kinds)
    if tag == "in":
        unified(kinds, "IN")
        return "boolean"
    if tag == "case":
        _require("CASE WHEN", kinds[:-1:2], ("boolean",))
        return unified((*kinds[1::2], kinds[-1]), "CASE")
    if tag == "cast":
        return _cast(tree[1], kinds[0])
    if tag == "try":
        return kinds[0]
    return {"moment": "time"}.get(tag, str(tag))


def column_named(name: str, columns: Iterable[str]) -> str:
    """Find a column as the schema spells it.

    Raises:
        UnknownNameError: the schema has none of this name.
    """
    known = list(columns)
    for candidate in (name, *known):
        if candidate in known and candidate.lower() == name.lower():
            return candidate
    raise UnknownNameError("column", name, known)


def unified(kinds: Iterable[Kind], where: str) -> Kind:
    """Find the one kind that values become where they meet: integers become numbers among numbers.

    Raises:
        Refused: they have none.
    """
    found = list(kinds)
    if "interval" in found:
        raise Refused(f"an interval can only be added to a time or taken from it, not stand in {where}")
    return reduce(lambda left, right: _joined(left, right, where), found)


def _joined(left: Kind, right: Kind, where: str) -> Kind:
    if right in {left, "null"}:
        return left
    if left == "null":
        return right
    if left is None or right is None:
        other = left or right
        return None if other == "integer" else other
    if {left, right} == {"integer", "number"}:
        return "number"
    raise Refused(f"{where} brings {_words(left)} and {_words(right)} together; CAST one of them")


def _call(name: str, kinds: Sequence[Kind]) -> Kind:
    if name in {"+", "-"}:
        return _sum(name, *kinds)
    if name in {"*", "/", "//", "%", "neg"}:
        return _arithmetic(name, kinds)
    if name in COMPARISONS or name == "is_null":
        unified(kinds, "IS NULL" if name == "is_null" else name)
        return "boolean"
    if name in {"and", "or", "not"}:
        _require(name.upper(), kinds, ("boolean",))
        return "boolean"
    return _function("concat" if name == "||" else name, kinds)


def _sum(name: str, left: Kind, right: Kind) -> Kind:
    moments = {"time", "local", "null", None}
    if right == "interval" and left in moments:
        return left
    if left == "interval" and name == "+" and right in moments:
        return right
    if name == "-" and {left, right} <= {"time", "local"}:
        raise Refused("a time minus a time is not allowed; use epoch(a) - epoch(b), which is seconds")
    return _arithmetic(name, (left, right))


def _arithmetic(name: str, kinds: Sequence[Kind]) -> Kind:
    if name == "//":
        _require("//", kinds, ("integer",))
        return "integer"
    _require(f"operator {'-' if name == 'neg' else name}", kinds, GROUPS[NUMERIC])
    return "number" if name == "/" else unified(kinds, name)


def _function(name: str, kinds: Sequence[Kind]) -> Kind:
    function = FUNCTIONS[name]
    wanted = function.takes + function.takes[-1:] * (len(kinds) - len(function.takes))
    for kind, group in zip(kinds, wanted, strict=False):
        if group in {ANY, SAME}:
            unified((kind,), name)
        else:
            _require(f"function {name}", (kind,), GROUPS.get(group, (group,)))
    together = unified(kinds, name) if SAME in wanted else kinds[0]
    return {SAME: together, "first": kinds[0]}.get(function.gives, function.gives)


def _require(where: str, kinds: Iterable[Kind], allowed: tuple[str, ...]) -> None:
    for kind in kinds:
        if kind not in {*allowed, "null", None}:
            raise Refused(f"{where} takes {' or '.join(map(_words, allowed))}, got {_words(kind)}")


def _cast(target: str, kind: Kind) -> Kind:
    if kind == "interval" or (kind in {"time", "local"} and target != "text"):
        hint = "" if kind == "interval" else "; epoch() gives its seconds"
        raise Refused(f"{_words(kind)} cannot be CAST to {_words(target)}{hint}")
    return target


def _words(kind: Kind) -> str:
    return WORDS.get(str(kind), f"a {kind}" if kind in {"number", "boolean"} else str(kind))
