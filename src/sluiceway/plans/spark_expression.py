"""Spark expressions: a value of DuckDB's dialect, as plans and ``docs/expressions.md`` write it, in Spark SQL.

Every kind of node is listed here; any other is refused, so that nothing passes that was not thought of.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sluiceway.plans.spark_casts import TARGETS, cast
from sluiceway.plans.spark_functions import call
from sluiceway.plans.spark_lists import fact, item, last_facts, least_hashes, member
from sluiceway.plans.spark_value import DECIMAL, HUGE, SparkValue, refused, text_literal

if TYPE_CHECKING:
    from sqlglot import exp

ARITHMETIC = {"Add": "+", "Sub": "-", "Mul": "*"}
TRIED_ARITHMETIC = {"+": "try_add", "-": "try_subtract", "*": "try_multiply"}
COMPARISONS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
LOGIC = {"And": "AND", "Or": "OR"}
MOMENTS = ("time", "local")


def spark_value(node: "exp.Expr", kinds: Mapping[str, str]) -> SparkValue:
    """Write a value in Spark SQL.

    Args:
        node: Parsed by ``declare.written_sql``.
        kinds: Each column's kind, by its lower-case name.

    Raises:
        MisuseError: it holds what Spark would compute otherwise.
    """
    name = type(node).__name__
    if name in ARITHMETIC:
        return _arithmetic(ARITHMETIC[name], *_sides(node, kinds))
    if name in COMPARISONS or name in LOGIC:
        left, right = _sides(node, kinds)
        return SparkValue(f"({left.text} {COMPARISONS.get(name) or LOGIC[name]} {right.text})", "boolean")
    write = WRITERS.get(name)
    if write is None:
        raise refused(f"{name} ({node.sql('duckdb')[:80]}) is not known to be the same as in DuckDB")
    return write(node, kinds)


def _sides(node: Any, kinds: Mapping[str, str]) -> tuple[SparkValue, SparkValue]:
    return spark_value(node.this, kinds), spark_value(node.expression, kinds)


def _joined(left: SparkValue, right: SparkValue) -> str | None:
    for kind in (HUGE, "number", *MOMENTS, "integer"):
        if kind in {left.kind, right.kind}:
            return "number" if kind == HUGE and "number" in {left.kind, right.kind} else kind
    return None


def _arithmetic(operator: str, left: SparkValue, right: SparkValue) -> SparkValue:
    kind = _joined(left, right)
    if kind == HUGE:  # past 38 digits it is NULL, and stops nothing where it is not used
        sides = f"{cast(left, HUGE).text}, {cast(right, HUGE).text}"
        return SparkValue(f"{TRIED_ARITHMETIC[operator]}({sides})", kind)
    return SparkValue(f"({left.text} {operator} {right.text})", kind)


def _divided(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    left, right = (cast(side, "number") for side in _sides(node, kinds))
    return SparkValue(f"({left.text} / {right.text})", "number")


def _whole_divided(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    left, right = _sides(node, kinds)
    if HUGE in {left.kind, right.kind}:
        a, b = (cast(side, HUGE).text for side in (left, right))
        return SparkValue(f"CAST(({a} - {a} % nullif({b}, 0BD)) / nullif({b}, 0BD) AS {DECIMAL})", HUGE)
    return SparkValue(f"({left.text} div {right.text})", "integer")


def _remainder(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    left, right = _sides(node, kinds)
    if HUGE in {left.kind, right.kind}:
        return SparkValue(f"CAST({left.text} % nullif({cast(right, HUGE).text}, 0BD) AS {DECIMAL})", HUGE)
    return SparkValue(f"({left.text} % {right.text})", _joined(left, right))


def _negated(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    value = spark_value(node.this, kinds)
    return SparkValue(f"(-{value.text})", value.kind)


def _literal(node: Any, _kinds: Mapping[str, str]) -> SparkValue:
    if node.args["is_string"]:
        return SparkValue(text_literal(node.this), "text")
    if not node.this.isdigit():
        return SparkValue(f"{node.this}D", "number")
    return SparkValue(f"{node.this}L" if int(node.this) <= 1 << 63 else f"{node.this}BD", "integer")


def _column(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    return SparkValue(node.sql("spark"), kinds.get(node.name.lower()))


def _case(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    branches = [(spark_value(one.this, kinds), spark_value(one.args["true"], kinds)) for one in node.args["ifs"]]
    default = node.args.get("default")
    values = [value for _, value in branches] + ([spark_value(default, kinds)] if default is not None else [])
    otherwise = f" ELSE {values[-1].text}" if default is not None else ""
    text = " ".join(f"WHEN {condition.text} THEN {value.text}" for condition, value in branches)
    return SparkValue(f"CASE {text}{otherwise} END", _unified([value.kind for value in values]))


def _unified(kinds: list[str | None]) -> str | None:
    found = [kind for kind in kinds if kind != "null"]
    return "number" if set(found) == {"integer", "number"} else next(iter(found), "null")


def _cast(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    target = node.args["to"].this.name
    if target not in TARGETS:
        raise refused(f"CAST to {node.args['to'].sql('duckdb')} is not known to be the same as in DuckDB")
    value = spark_value(node.this, kinds) if target == "BIGINT" and type(node).__name__ == "TryCast" else None
    if value is not None and value.kind == "number":
        return SparkValue(f"try_cast(rint({value.text}) AS BIGINT)", "integer")
    if target == "TIMESTAMPTZ" and type(node.this).__name__ == "Literal":
        return SparkValue(f"CAST({text_literal(node.this.this)} AS TIMESTAMP)", "time")
    return cast(spark_value(node.this, kinds), TARGETS[target])


def _interval(node: Any, _kinds: Mapping[str, str]) -> SparkValue:
    return SparkValue(f"INTERVAL '{int(node.this.this)}' {node.args['unit'].name}", "interval")


def _in(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    values = ", ".join(spark_value(value, kinds).text for value in node.expressions)
    return SparkValue(f"({spark_value(node.this, kinds).text} IN ({values}))", "boolean")


def _texts(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    left, right = _sides(node, kinds)
    return SparkValue(f"concat({left.text}, {right.text})", "text")


def _call(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    name = str(node.this).lower()
    if _gathers(node):
        return _gathered(node, kinds)
    if name == "try":
        return _tried(node.expressions[0], kinds)
    if name == "unnest":
        return _unnested(node.expressions[0], kinds)
    arguments = [
        SparkValue("*", None) if type(each).__name__ == "Star" else spark_value(each, kinds)
        for each in node.expressions
    ]
    return call(name, arguments)


def _tried(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    """Write an operation that is NULL where it breaks off; what Spark cannot try stops there."""
    operator = ARITHMETIC.get(type(node).__name__)
    if operator is not None:
        left, right = _sides(node, kinds)
        kind = _joined(left, right)
        if kind not in {HUGE, "number"}:
            return SparkValue(f"{TRIED_ARITHMETIC[operator]}({left.text}, {right.text})", kind)
    elif type(node).__name__ == "Neg":
        value = spark_value(node.this, kinds)
        if value.kind not in {HUGE, "number"}:
            return SparkValue(f"try_subtract(0L, {value.text})", value.kind)
    return spark_value(node, kinds)


def _unnested(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    if type(node).__name__ != "Anonymous" or str(node.this).lower() != "range":
        raise refused("only ranges of whole numbers can be unnested")
    first, end = (spark_value(each, kinds).text for each in node.expressions)
    return SparkValue(f"explode(sequence({first}, {end} - 1L))", "integer")


def _filtered(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    where = f" FILTER (WHERE {spark_value(node.expression.this, kinds).text})"
    if _gathers(node.this):
        return _gathered(node.this, kinds, where)
    value = spark_value(node.this, kinds)
    return SparkValue(f"{value.text}{where}", value.kind)


def _gathers(node: Any) -> bool:
    """Tell whether a node is ``min(DISTINCT value, count)`` or ``max(value, count)``."""
    name, given = str(node.this).lower(), node.expressions
    return (name == "min" and type(given[0]).__name__ == "Distinct") or (name == "max" and len(given) > 1)


def _gathered(node: Any, kinds: Mapping[str, str], where: str = "") -> SparkValue:
    if str(node.this).lower() == "max":
        return last_facts([spark_value(each, kinds) for each in node.expressions], where)
    return least_hashes([spark_value(each, kinds) for each in node.expressions[0].expressions], where)


def _fact(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    return fact([(each.this.name, spark_value(each.expression, kinds)) for each in node.expressions])


def _member(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    return member(spark_value(node.this, kinds), node.expression.name)


def _item(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    (place,) = node.expressions
    if type(place).__name__ != "Literal" or place.args["is_string"]:
        raise refused(f"{node.sql('duckdb')[:80]} is no place in a list")
    return item(spark_value(node.this, kinds), int(place.this) + 1)  # sqlglot counts from 0


def _windowed(node: Any, kinds: Mapping[str, str]) -> SparkValue:
    value = spark_value(node.this, kinds)
    parted = ", ".join(spark_value(each, kinds).text for each in node.args.get("partition_by") or ())
    order, spec = node.args.get("order"), node.args.get("spec")
    parts = [f"PARTITION BY {parted}"] if parted else []
    parts += ["ORDER BY " + ", ".join(_ordered(each, kinds) for each in order.expressions)] if order else []
    if spec is not None and (spec.args["kind"], spec.args["start"], spec.args.get("end")) != (
        "RANGE",
        "UNBOUNDED",
        None,
    ):
        raise refused(f"the frame {spec.sql('duckdb')} is not known to be the same as in DuckDB")
    kind = value.kind
    text = f"{value.text} OVER ({' '.join(parts)})"
    return SparkValue(f"CAST({text} AS BIGINT)" if kind == "integer" else text, kind)


def _ordered(node: Any, kinds: Mapping[str, str]) -> str:
    value = spark_value(node.this, kinds).text
    nulls = "FIRST" if node.args.get("nulls_first") else "LAST"
    return f"{value} {'DESC' if node.args.get('desc') else 'ASC'} NULLS {nulls}"


WRITERS: dict[str, Callable[[Any, Mapping[str, str]], SparkValue]] = {
    "Div": _divided, "IntDiv": _whole_divided, "Mod": _remainder, "Neg": _negated, "Literal": _literal,
    "Column": _column, "Case": _case, "Cast": _cast, "TryCast": _cast, "Interval": _interval, "In": _in,
    "DPipe": _texts, "Anonymous": _call, "Bracket": _item, "Filter": _filtered, "Window": _windowed,
    "Struct": _fact, "Dot": _member,
    "Paren": lambda node, kinds: spark_value(node.this, kinds),
    "Not": lambda node, kinds: SparkValue(f"(NOT {spark_value(node.this, kinds).text})", "boolean"),
    "Is": lambda node, kinds: SparkValue(f"({spark_value(node.this, kinds).text} IS NULL)", "boolean"),
    "Null": lambda _node, _kinds: SparkValue("NULL", "null"),
    "Boolean": lambda node, _kinds: SparkValue("TRUE" if node.this else "FALSE", "boolean"),
}  # fmt: skip
