"""Table rules: how rows belong together, how many and how new they are, and what a statement finds in them."""

from typing import Protocol

from sluiceway.core.duration import parse_duration
from sluiceway.declare.bounds import numbers_of
from sluiceway.declare.column_rules import ColumnRules
from sluiceway.declare.expectation import QUARANTINE, STOP, Expectation, listed_columns
from sluiceway.declare.expression import parse_expression
from sluiceway.declare.names import refuse


class Keyed(Protocol):
    """Anything with a name and a key: a source, which this module must not know."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that identify its rows."""

    @property
    def is_timeless(self) -> bool:
        """Whether its rows carry no times."""


def row(condition: str, *, at_least: float = 1.0, on_failure: str = STOP) -> Expectation:
    """Every row keeps a condition over its columns, as in ``sw.row("scheduled_arrival > scheduled_departure")``."""
    parse_expression(condition)
    return Expectation("row", text=condition, at_least=at_least, on_failure=on_failure)


def reference(
    column_name: str | tuple[str, ...], other: Keyed, *, at_least: float = 1.0, on_failure: str = STOP
) -> Expectation:
    """Every value of a column stands as the key of another source.

    For a key of several columns, give as many, in the key's order: ``sw.reference(("origin", "hour"), weather)``. A row
    that lacks any of them is not judged, as in SQL's ``MATCH SIMPLE``.
    """
    columns = (column_name,) if isinstance(column_name, str) else tuple(column_name)
    if not hasattr(other, "keys") or not hasattr(other, "is_timeless"):
        raise refuse(f"reference({column_name!r}, {other!r}): give the source itself, not its name")
    if not other.keys or len(other.keys) != len(columns):
        raise refuse(
            f"reference({column_name!r}, {other.name}): {len(columns)} column{'' if len(columns) == 1 else 's'} cannot "
            f"refer to the key of {other.name}, which is {listed_columns(other.keys) if other.keys else 'not declared'}"
        )
    if on_failure == QUARANTINE and not other.is_timeless:
        raise refuse(
            f"reference({column_name!r}, {other.name}): quarantine needs a source without times, as what {other.name} "
            "knows later must not decide what becomes of an earlier row; use on_failure='warn' or 'stop'"
        )
    if len(columns) == 1:
        return Expectation(
            "reference", columns[0], text=other.keys[0], other=other.name, at_least=at_least, on_failure=on_failure
        )
    return Expectation(
        "reference",
        values=other.keys,
        text=listed_columns(other.keys),
        other=other.name,
        at_least=at_least,
        columns=columns,
        on_failure=on_failure,
    )


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


def fresh(
    *, within: str, partition: str | None = None, every: str | None = None, on_failure: str = STOP
) -> Expectation:
    """The newest row is no older than a duration, counted from ``--as-of``, as in ``sw.fresh(within="2d")``.

    With ``partition``, a column of times such as the ``dt`` of ``dt=2013-01-01``, the newest partition counts, by when
    it begins, and none may be missing between the first and the newest: one ``every`` day (by default) or hour.

    Raises:
        DeclarationError: a duration is none, or ``every`` is given without ``partition``.
    """
    if every is not None and partition is None:
        raise refuse("fresh(every=) says how often partitions come; say which column holds them, as partition=")
    pace = (every or "1d") if partition is not None else None
    for name, text in (("within", within), ("every", pace)):
        try:
            parse_duration(text or "1d")
        except (ValueError, TypeError) as error:
            raise refuse(f"fresh({name}=): {error}") from None
    return Expectation("fresh", partition, text=within, every=pace, on_failure=on_failure)
