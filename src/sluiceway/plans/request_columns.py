"""Request columns: request features as batch computes them, those that read views and earlier ones among them.

A request feature sees the request's inputs as they came, and columns of views and earlier request features as the model
takes them: numbers that float32 holds, and texts.
"""

from collections.abc import Iterable, Mapping

from sluiceway.declare.expression import Expression, bind_expression
from sluiceway.declare.expression_total import total_sql
from sluiceway.plans.derived import STORED
from sluiceway.plans.partials import single
from sluiceway.plans.quoting import quoted


def request_kinds(request: Mapping[str, Expression], known: Mapping[str, str]) -> dict[str, str]:
    """Tell the kind of each request feature's value, before it is stored.

    Args:
        request: The features in their order.
        known: The kinds of the inputs, and of the views' columns as they are stored.

    Raises:
        DeclarationError: an expression names what is not known, or types do not go together.
    """
    offered, found = dict(known), dict[str, str]()
    for name, expression in request.items():
        found[name] = str(bind_expression(expression, offered))
        offered[name] = STORED.get(found[name], "text")
    return found


def from_request_alone(request: Mapping[str, Expression], inputs: Iterable[str]) -> dict[str, Expression]:
    """Pick the features that read nothing but inputs."""
    offered = {name.lower() for name in inputs}
    return {name: each for name, each in request.items() if {column.lower() for column in each.columns} <= offered}


def requested_sql(
    rows: str, request: Mapping[str, Expression], kinds: Mapping[str, str], *, made: Iterable[str]
) -> str:
    """Select all of some rows with every request feature as the model takes it.

    Args:
        rows: A statement that gives the inputs and the views' columns.
        request: The features in their order.
        kinds: What ``request_kinds`` says of them.
        made: The features that the rows have already, not yet as the model takes them.
    """
    there = set(made)
    for name, expression in request.items():
        value = quoted(name) if name in there else f"({total_sql(expression)})"
        stored = single(value) if STORED.get(kinds[name]) == "number" else f"CAST({value} AS VARCHAR)"
        star = f"* REPLACE ({stored} AS {quoted(name)})" if name in there else f"*, {stored} AS {quoted(name)}"
        rows = f"SELECT {star} FROM ({rows})"
    return rows
