"""The tree of an expression: parsed SQL reduced to nested tuples, everything undocumented refused by name.

Nodes, all JSON-able: ``("column", name)``, ``("integer", n)``, ``("number", x)``, ``("text", s)``, ``("boolean", b)``,
``("null",)``, ``("moment", iso)``, ``("interval", count, unit)``, ``("call", operator_or_function, *arguments)``,
``("in", value, literals)``, ``("case", branches, otherwise)`` and ``("cast", kind, value)``; in
trees that are ``total`` (see ``expression_total``) also ``("try", operation)``.
"""

import math
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

from sluiceway.core.moments import iso, parse_moment
from sluiceway.declare.expression_functions import AGGREGATES, CLOCKS, FUNCTIONS

if TYPE_CHECKING:
    from sqlglot import exp

Tree: TypeAlias = tuple[Any, ...]

BINARY = {
    "Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "IntDiv": "//", "Mod": "%", "And": "and", "Or": "or", "DPipe": "||",
    "EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=",
}  # fmt: skip
COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
CASTS = {"DOUBLE": "number", "BIGINT": "integer", "VARCHAR": "text", "TEXT": "text", "BOOLEAN": "boolean"}
UNITS = ("second", "minute", "hour", "day", "week", "month", "year")
LITERALS = frozenset({"integer", "number", "text", "boolean", "null", "moment"})
WORDS = {
    "Select": "a subquery", "Subquery": "a subquery", "Exists": "a subquery", "Star": "a star",
    "Window": "a window function", "Filter": "an aggregate's FILTER",
    "Alias": "two expressions side by side, or AS (a name with spaces stands in double quotes)",
    "Distinct": "DISTINCT", "Like": "LIKE (use starts_with or contains)", "ILike": "ILIKE (use lower and contains)",
    "Array": "a list", "Pow": "the operator ** or ^ (use pow)", "Struct": "a struct", "Tuple": "a tuple",
    "Bracket": "an index", "Placeholder": "a placeholder", "TryCast": "TRY_CAST (use CAST)", "If": "if() (use CASE)",
    "AtTimeZone": "AT TIME ZONE (use at_zone)", "Abs": "the operator @ (use abs)", "JSONExtract": "an arrow",
    "PropertyEQ": "an assignment", "Concat": "two texts side by side (use ||)",
}  # fmt: skip
MAXIMUM_DEPTH = 100
MAXIMUM_DECIMALS = 300


class Refused(ValueError):  # noqa: N818 - it never leaves this package: parse_expression turns it into a DeclarationError
    """Something that no expression may hold, in words."""


def read_tree(node: "exp.Expression", depth: int = 0) -> Tree:
    """Reduce a parsed expression to its tree.

    Raises:
        Refused: it holds something outside the grammar.
    """
    name = type(node).__name__
    if depth > MAXIMUM_DEPTH:
        raise Refused(f"it is nested more than {MAXIMUM_DEPTH} deep; split it")
    if name in BINARY:
        return _binary(node, BINARY[name], depth + 1)
    reader = READERS.get(name)
    if reader is None:
        clock = " (an expression may not read the clock)" if name.startswith(("Current", "Local", "Session")) else ""
        words = WORDS.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).upper()
        raise Refused(f"{words} is not allowed{clock}")
    return reader(node, depth + 1)  # type: ignore[no-any-return]  # the table's readers are all annotated


def _binary(node: "exp.Expression", operator: str, depth: int) -> Tree:
    sides = (node.this, node.expression)
    if operator in COMPARISONS and any(BINARY.get(type(side).__name__) in COMPARISONS for side in sides):
        raise Refused("comparisons cannot be chained; join them with AND")
    return ("call", operator, *(read_tree(side, depth) for side in sides))


def _paren(node: "exp.Expression", depth: int) -> Tree:
    return read_tree(node.this, depth)


def _column(node: "exp.Expression", _depth: int) -> Tree:
    if type(node.this).__name__ == "Star":
        raise Refused("a star is not allowed")
    if node.args.get("table") is not None:
        raise Refused(f"column {node.sql('duckdb')} names a table; write {node.name} alone")
    return ("column", node.name)


def _literal(node: "exp.Expression", _depth: int) -> Tree:
    if node.args["is_string"]:
        return ("text", node.this)
    return _number(node.this, sign=1)


def _number(text: str, sign: int) -> Tree:
    if text.isdigit():
        value = sign * int(text)
        if not -(2**63) <= value < 2**63:
            raise Refused(f"{value} is past what 64 bits hold")
        return ("integer", value)
    if not math.isfinite(float(text)):
        raise Refused(f"{text} is past what a double holds")
    return ("number", sign * float(text))


def _negative(node: "exp.Expression", depth: int) -> Tree:
    inner = node.this
    if type(inner).__name__ == "Literal" and not inner.args["is_string"]:
        return _number(inner.this, sign=-1)
    return ("call", "neg", read_tree(inner, depth))


def _is(node: "exp.Expression", depth: int) -> Tree:
    if type(node.expression).__name__ != "Null":
        raise Refused("IS takes only NULL and NOT NULL")
    return ("call", "is_null", read_tree(node.this, depth))


def _not(node: "exp.Expression", depth: int) -> Tree:
    return ("call", "not", read_tree(node.this, depth))


def _in(node: "exp.Expression", depth: int) -> Tree:
    if node.args.get("query") is not None or node.args.get("unnest") is not None or not node.expressions:
        raise Refused("IN takes a list of literals, no subquery")
    values = tuple(read_tree(value, depth) for value in node.expressions)
    if any(value[0] not in LITERALS for value in values):
        raise Refused("IN takes literals only; write OR for anything else")
    return ("in", read_tree(node.this, depth), values)


def _between(node: "exp.Expression", depth: int) -> Tree:
    if node.args.get("symmetric"):
        raise Refused("BETWEEN SYMMETRIC is not allowed")
    value, low, high = (read_tree(node.args[part], depth) for part in ("this", "low", "high"))
    return ("call", "and", ("call", ">=", value, low), ("call", "<=", value, high))


def _case(node: "exp.Expression", depth: int) -> Tree:
    subject = node.args.get("this")
    value = None if subject is None else read_tree(subject, depth)
    branches = []
    for branch in node.args["ifs"]:
        condition = read_tree(branch.this, depth)
        met = condition if value is None else ("call", "=", value, condition)
        branches.append((met, read_tree(branch.args["true"], depth)))
    default = node.args.get("default")
    return ("case", tuple(branches), ("null",) if default is None else read_tree(default, depth))


def _cast(node: "exp.Expression", depth: int) -> Tree:
    target = node.args["to"].this.name if hasattr(node.args["to"].this, "name") else str(node.args["to"].this)
    if target == "TIMESTAMPTZ" and type(node.this).__name__ == "Literal" and node.this.args["is_string"]:
        return _moment(node.this.this)
    if target not in CASTS or node.args["to"].expressions:
        raise Refused(f"CAST to {node.args['to'].sql('duckdb')} is not allowed; use double, bigint, varchar or boolean")
    return ("cast", CASTS[target], read_tree(node.this, depth))


def _moment(text: str) -> Tree:
    try:
        return ("moment", iso(parse_moment(text)))
    except ValueError:
        raise Refused(f"{text!r} is not an ISO 8601 time") from None


def _interval(node: "exp.Expression", _depth: int) -> Tree:
    count, unit = node.this, str(node.args.get("unit") or "").lower().removesuffix("s")
    if type(count).__name__ != "Literal" or not count.this.isdigit() or unit not in UNITS:
        raise Refused(
            f"{node.sql('duckdb')} is not allowed; an interval is a whole number and one unit out of {', '.join(UNITS)}"
        )
    return ("interval", int(count.this), unit)


def _function(node: "exp.Expression", depth: int) -> Tree:
    name = str(node.this).lower()
    function = FUNCTIONS.get(name)
    if function is None:
        raise Refused(_unknown(name))
    if not function.accepts(len(node.expressions)):
        raise Refused(f"function {name} takes {function.arity} arguments, got {len(node.expressions)}")
    arguments = tuple(read_tree(argument, depth) for argument in node.expressions)
    if name == "at_zone":
        _require_zone(arguments[1])
    if name == "round" and len(arguments) > 1:
        _require_decimals(arguments[1])
    return ("call", name, *arguments)


def _require_decimals(argument: Tree) -> None:
    if argument[0] != "integer" or abs(argument[1]) > MAXIMUM_DECIMALS:
        limits = f"-{MAXIMUM_DECIMALS} to {MAXIMUM_DECIMALS}"
        raise Refused(f"function round takes its decimals as a whole number literal, {limits}")


def _unknown(name: str) -> str:
    if name in AGGREGATES:
        near = {"min": "least", "max": "greatest"}.get(name)
        other = f"; for values of one row use {near}" if near else ""
        return f"function {name} is not allowed: aggregates are declared as features of a FeatureView{other}"
    if name in CLOCKS:
        return f"function {name} is not allowed: it would give another answer each time"
    near_names = get_close_matches(name, FUNCTIONS, n=1)
    hint = f"did you mean {near_names[0]}?" if near_names else f"there is {', '.join(FUNCTIONS)}"
    return f"function {name} is not allowed; {hint}"


def _require_zone(argument: Tree) -> None:
    if argument[0] != "text":
        raise Refused("function at_zone takes its zone as a literal, such as 'America/New_York'")
    try:
        ZoneInfo(argument[1])
    except (ValueError, OSError, KeyError):
        raise Refused(f"function at_zone: no time zone is called {argument[1]!r}; use an IANA name") from None


READERS: dict[str, Any] = {
    "Paren": _paren, "Column": _column, "Literal": _literal, "Neg": _negative, "Is": _is, "Not": _not, "In": _in,
    "Between": _between, "Case": _case, "Cast": _cast, "Interval": _interval, "Anonymous": _function,
    "Null": lambda _node, _depth: ("null",), "Boolean": lambda node, _depth: ("boolean", bool(node.this)),
}  # fmt: skip
