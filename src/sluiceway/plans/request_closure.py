"""Request closures: an expression as a Python function of one row, with DuckDB's meaning and no DuckDB.

Missing is ``None`` and follows SQL's three-valued logic. Times are aware datetimes in UTC. A ``KeyError`` means that
the row lacks a column; a ``ValueError``, ``TypeError`` or ``OverflowError`` that a value cannot be computed, where
DuckDB would have stopped the query. Compiling takes the tree alone: serving reads no SQL.
"""

import operator
from collections.abc import Callable, Mapping, Sequence

from sluiceway.core.errors import UnknownNameError
from sluiceway.core.moments import parse_moment
from sluiceway.declare.expression import Expression, bind_expression
from sluiceway.declare.expression_kind import Kind, children, column_named, kind_from, unified
from sluiceway.declare.expression_tree import Refused, Tree
from sluiceway.declare.names import refuse
from sluiceway.plans import closure_nulls as nulls
from sluiceway.plans import closure_numbers as numbers
from sluiceway.plans import closure_texts as texts
from sluiceway.plans.closure_casts import CASTS
from sluiceway.plans.closure_nulls import Closure
from sluiceway.plans.closure_times import PARTS, PARTS_OF_A_CLOCK, clock_in, part_in_zone, shift_by

STRICT: dict[str, Callable[..., object]] = {
    "+": numbers.add,
    "-": numbers.subtract,
    "*": numbers.multiply,
    "/": numbers.divide,
    "//": numbers.divide_whole,
    "%": numbers.remainder,
    "neg": numbers.negative,
    "not": operator.not_,
    "=": numbers.equal,
    "<>": lambda left, right: not numbers.equal(left, right),
    "<": numbers.less,
    ">": lambda left, right: numbers.less(right, left),
    "<=": lambda left, right: not numbers.less(right, left),
    ">=": lambda left, right: not numbers.less(left, right),
    "||": lambda left, right: texts.as_text(left) + texts.as_text(right),
    "abs": numbers.distance,
    "round": numbers.rounded,
    "floor": numbers.floor,
    "ceil": numbers.ceil,
    "sqrt": numbers.square_root,
    "ln": numbers.natural_log,
    "log10": numbers.decimal_log,
    "exp": numbers.exponential,
    "pow": numbers.power,
    "sin": numbers.sine,
    "cos": numbers.cosine,
    "lower": texts.lower,
    "upper": texts.upper,
    "length": len,
    "trim": texts.trim,
    "starts_with": str.startswith,
    "contains": operator.contains,
    "substr": texts.substring,
    "replace": texts.replace,
    **PARTS,
}
NOT_STRICT: dict[str, Callable[[Sequence[Closure]], Closure]] = {
    "and": nulls.both,
    "or": nulls.either,
    "is_null": nulls.is_null,
    "coalesce": nulls.first_present,
    "nullif": nulls.null_if,
    "least": nulls.extreme(numbers.less),
    "greatest": nulls.extreme(lambda value, best: numbers.less(best, value)),
    "concat": nulls.joined,
}
# What a closure raises where a value cannot be computed, apart from a column that its row lacks.
UNCOMPUTABLE = (ArithmeticError, AttributeError, IndexError, TypeError, ValueError)
MEETINGS = frozenset({"least", "greatest", "coalesce"})


def compile_closure(expression: Expression, columns: Mapping[str, str] | None = None) -> Closure:
    """Compile an expression once; call the result with each row.

    Args:
        expression: As parsed.
        columns: Each column's type, as in ``bind_expression``; rows then name columns as it does. Where integers and
            numbers meet (CASE, coalesce, least, greatest), results become numbers only if the types are known.

    Returns:
        A function of a row, a mapping of at least the expression's columns to values.

    Raises:
        DeclarationError: the expression does not fit the columns.
    """
    if columns is not None:
        bind_expression(expression, columns)
    return compile_tree(expression.tree, columns)[0]


def compile_tree(tree: Tree, columns: Mapping[str, str] | None = None) -> tuple[Closure, Kind]:
    """Compile an expression's tree, as it was stored; gives the function of a row, and the kind of what it returns.

    Args:
        tree: As ``expression_tree`` describes it; lists will do where it has tuples.
        columns: As in ``compile_closure``.

    Raises:
        DeclarationError: the tree does not fit the columns.
    """
    try:
        return _compile(tree, columns)
    except (Refused, UnknownNameError) as error:
        raise refuse(f"a stored expression does not fit its columns: {error}") from None


def _compile(tree: Tree, columns: Mapping[str, str] | None) -> tuple[Closure, Kind]:
    tag = tree[0]
    if tag == "column":
        name = tree[1] if columns is None else column_named(tree[1], columns)
        return operator.itemgetter(name), None if columns is None else columns[name]
    if tag == "call" and tree[1] in PARTS_OF_A_CLOCK and tree[2][0] == "call" and tree[2][1] == "at_zone":
        moment, zone = tree[2][2], tree[2][3]
        return nulls.strict_one(part_in_zone(tree[1], zone[1]), _compile(moment, columns)[0]), "integer"
    if tag == "try":
        part, kind = _compile(tree[1], columns)
        return nulls.attempted(part, UNCOMPUTABLE), kind
    compiled = [_compile(child, columns) for child in children(tree)]
    parts, kinds = [part for part, _ in compiled], [kind for _, kind in compiled]
    return _combined(tree, parts, kinds), kind_from(tree, kinds)


def _combined(tree: Tree, parts: list[Closure], kinds: list[Kind]) -> Closure:
    tag = tree[0]
    if tag == "call":
        return _call(tree, parts, kinds)
    if tag == "in":
        return nulls.membership(parts[0], [_value(choice) for choice in tree[2]])
    if tag == "case":
        values = _alike((*parts[1::2], parts[-1]), (*kinds[1::2], kinds[-1]))
        return nulls.first_met(parts[:-1:2], values)
    if tag == "cast":
        return nulls.strict(CASTS[tree[1]], parts)
    return _constant(_value(tree))


def _value(tree: Tree) -> object:
    if tree[0] == "moment":
        return parse_moment(tree[1])
    return tree[1] if tree[0] in {"integer", "number", "text", "boolean"} else None


def _constant(value: object) -> Closure:
    return lambda _row: value


def _call(tree: Tree, parts: list[Closure], kinds: Sequence[Kind]) -> Closure:
    name, arguments = tree[1], tree[2:]
    if name in NOT_STRICT:
        return NOT_STRICT[name](_alike(parts, kinds) if name in MEETINGS else parts)
    if name == "at_zone":
        return nulls.strict(clock_in(arguments[1][1]), parts[:1])
    if "interval" in kinds:
        at = kinds.index("interval")
        count = arguments[at][1] if name == "+" else -arguments[at][1]
        return nulls.strict(shift_by(count, arguments[at][2]), [parts[1 - at]])
    if len(arguments) == 2 and arguments[1][0] in {"integer", "number", "text"}:  # noqa: PLR2004 - two sides
        return nulls.strict_with(STRICT[name], parts[0], arguments[1][1])
    return nulls.strict(STRICT[name], parts)


def _alike(parts: Sequence[Closure], kinds: Sequence[Kind]) -> list[Closure]:
    """Make integers numbers where they meet numbers, as the column that DuckDB would make of them."""
    if unified(kinds, "CASE") != "number":
        return list(parts)
    return [
        part if kind == "number" else nulls.strict_one(_widened, part) for part, kind in zip(parts, kinds, strict=True)
    ]


def _widened(value: object) -> object:
    return float(value) if type(value) is int else value
