"""Rules about a whole table: which rows agree, how many there are, and what a statement finds in them."""

from sluiceway.declare.bounds import numbers_of
from sluiceway.declare.expectation import STOP, ColumnRules, Expectation
from sluiceway.declare.names import refuse


def unique(*columns: str, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
    """No two rows agree in all of these columns, as in ``sw.unique("flight_id", "leg")``; rows that lack one may.

    ``at_least`` is the share of rows left when rows that agree are kept once.
    """
    if not columns or len(set(columns)) < len(columns):
        raise refuse(f"unique({', '.join(map(repr, columns))}) needs columns, each once")
    if len(columns) == 1:
        return ColumnRules(columns[0]).unique(at_least=at_least, on_failure=on_failure)
    return Expectation("unique", columns=columns, at_least=at_least, on_failure=on_failure)


def rows(*, between: tuple[float | None, float | None], on_failure: str = STOP) -> Expectation:
    """The number of rows lies between two bounds, as in ``sw.rows(between=(1, None))``: at least one row."""
    low, high = numbers_of("rows()", between)
    return Expectation("rows", low=low, high=high, on_failure=on_failure)


def rows_change(*, at_most: float, on_failure: str = STOP) -> Expectation:
    """The number of rows differs from the reference version's by at most this share of it: ``at_most=0.5`` is half."""
    if not at_most >= 0:
        raise refuse(
            f"rows_change(at_most={at_most!r}): give a share of the earlier rows, such as 0.5 for half of them"
        )
    return Expectation("rows_change", high=float(at_most), on_failure=on_failure)


def sql_check(
    sql: str,
    *,
    between: tuple[float | None, float | None] | None = None,
    name: str | None = None,
    on_failure: str = STOP,
) -> Expectation:
    """A ``SELECT`` over any sources that must return no row, or, with ``between``, one number within two bounds.

    Args:
        sql: The statement, or a path ending in ``.sql``; it sees every source by its name, with ``_event_time`` and
            ``_known_time`` where it has times.
        between: The bounds of the one number it returns, both included; ``None`` leaves one side open.
        name: What reports call the check; by default the statement's beginning.
        on_failure: ``stop`` or ``warn``.
    """
    if not sql.strip():
        raise refuse("sql_check(): the statement is empty; write a SELECT that finds what is wrong")
    low, high = (None, None) if between is None else numbers_of("sql_check()", between)
    return Expectation("sql", text=sql, other=name, low=low, high=high, on_failure=on_failure)
