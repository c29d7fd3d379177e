"""Total expressions: what features are computed by, where an operation that breaks off gives ``NULL`` and no error.

The operation alone gives ``NULL``, not the whole expression: so what comes of a row does not depend on which parts of
it an engine happens to compute.
"""

from sluiceway.declare.expression import Expression
from sluiceway.declare.expression_sql import BREAKING, sql_of
from sluiceway.declare.expression_tree import Tree

# These break off at request time alone, past the year 9999, which Python's calendar ends with.
CLOCKS = frozenset({"hour", "minute", "day", "month", "year", "dayofweek", "isodow", "dayofyear"})


def total(tree: Tree) -> Tree:
    """Write ``("try", operation)`` for each operation of a tree that may break off; lists will do for tuples."""
    tag = tree[0]
    if tag == "call":
        return _call(tree[1], tree[2:])
    if tag == "cast":
        return ("try", ("cast", tree[1], total(tree[2])))
    if tag == "in":
        return ("in", total(tree[1]), tree[2])
    if tag == "case":
        return ("case", tuple((total(met), total(value)) for met, value in tree[1]), total(tree[2]))
    return tuple(tree)


def total_sql(expression: Expression) -> str:
    """Write an expression as DuckDB SQL that no row can stop."""
    return sql_of(total(expression.tree))


def _call(name: str, arguments: Tree) -> Tree:
    if name in CLOCKS and arguments[0][0] == "call" and arguments[0][1] == "at_zone":  # read at once, so tried at once
        moment, zone = arguments[0][2:]
        return ("try", ("call", name, ("call", "at_zone", total(moment), zone)))
    made = ("call", name, *map(total, arguments))
    return ("try", made) if name in BREAKING or name == "at_zone" else made
