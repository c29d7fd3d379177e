"""What one expression costs at request time: the compiled closure beside a DuckDB query for one row.

Run: python benchmarks/request_expression.py
"""

from collections.abc import Callable
from datetime import UTC, datetime
from timeit import timeit

import duckdb

from sluiceway.declare.expression import parse_expression
from sluiceway.plans.request_closure import compile_closure

ROW = {"scheduled_departure": datetime(2013, 11, 3, 3, 30, tzinfo=UTC), "distance": 733.0, "minutes": 95}
TYPES = {"scheduled_departure": "time", "distance": "number", "minutes": "integer"}
EXPRESSIONS = ("hour(at_zone(scheduled_departure, 'America/New_York'))", "distance / minutes * 60 > 400")
SELECT = "SELECT {} FROM (SELECT ?::TIMESTAMPTZ AS scheduled_departure, ?::DOUBLE AS distance, ?::BIGINT AS minutes)"


def fastest_ns(work: Callable[[], object], calls: int) -> float:
    return min(timeit(work, number=calls) for _ in range(5)) / calls * 1e9


def compare(text: str, session: duckdb.DuckDBPyConnection) -> str:
    expression = parse_expression(text)
    compute = compile_closure(expression, TYPES)
    statement, values = SELECT.format(expression.sql), list(ROW.values())
    assert compute(ROW) == session.execute(statement, values).fetchall()[0][0]
    closure = fastest_ns(lambda: compute(ROW), 20_000)
    query = fastest_ns(lambda: session.execute(statement, values).fetchall(), 200)
    return f"{text}\n  closure {closure:,.0f} ns, DuckDB {query:,.0f} ns a row: {query / closure:,.0f} times"


def main() -> None:
    session = duckdb.connect(config={"threads": 1})
    session.execute("SET TimeZone = 'UTC'")
    for text in EXPRESSIONS:
        print(compare(text, session))


if __name__ == "__main__":
    main()
