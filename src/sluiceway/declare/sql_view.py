"""SQL views: a feature view written as one SELECT, for those who prefer SQL."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from sluiceway.declare.expression import parse_text
from sluiceway.declare.expression_functions import FUNCTIONS
from sluiceway.declare.expression_tree import Refused
from sluiceway.declare.feature import DERIVED, LATEST, Feature
from sluiceway.declare.feature_view import BY_KNOWN, FeatureView
from sluiceway.declare.names import refuse
from sluiceway.declare.source import Source

if TYPE_CHECKING:
    from sqlglot import exp

KINDS = {
    "avg": "mean", "mean": "mean", "count": "count", "sum": "sum", "min": "min", "max": "max", "stddev": "std",
    "stddev_samp": "std", "last": LATEST,
}  # fmt: skip
WORDS = (
    "SELECT", "FROM", "GROUP", "BY", "WINDOW", "OVER", "RANGE", "INTERVAL", "PRECEDING", "FILTER", "WHERE", "AS", "AND",
    "DISTINCT", "HOURS", "HOUR", "DAYS", "DAY", "MINUTES", "MINUTE", "BETWEEN", "CURRENT", "ROW",
)  # fmt: skip
UNITS = {"SECOND": "s", "MINUTE": "m", "HOUR": "h", "DAY": "d", "WEEK": "w"}
EXAMPLE = (
    "SELECT carrier, avg(arr_delay) OVER day AS mean_delay, count(*) FILTER (WHERE cancelled) OVER day AS n "
    "FROM landings GROUP BY carrier WINDOW day AS (RANGE INTERVAL 24 HOURS PRECEDING)"
)


def sql_view(  # noqa: PLR0913  (each is a word of its own in a declaration)
    name: str,
    *,
    source: Source,
    sql: str,
    every: str = "5m",
    ttl: str | None = None,
    windows: str = BY_KNOWN,
    lateness: str | None = None,
    owner: str = "",
    description: str = "",
    tags: Sequence[str] = (),
    fresh_within: str | None = None,
) -> FeatureView:
    """Declare a feature view by SQL; it is the very view that ``sw.FeatureView`` of the same meaning is.

    ``GROUP BY`` names the entity. An aggregate ``OVER`` a window of ``RANGE INTERVAL … PRECEDING`` is a window feature,
    its ``FILTER (WHERE …)`` the feature's ``where``; ``last(column)`` is the latest value; any other expression is
    derived from the features before it. Windows end where those of ``sw.FeatureView`` do, not at each row.

    Raises:
        DeclarationError: the statement is no such SELECT, or what it declares cannot be.

    Example:
        ``sw.sql_view("delays", source=landings, sql="SELECT carrier, count(*) OVER (RANGE INTERVAL 1 DAY PRECEDING)
        AS n FROM landings GROUP BY carrier")``
    """
    try:
        entity, features = _read(sql, source.name)
    except Refused as error:
        raise refuse(f"sql_view {name!r}: {error}") from None
    words: dict[str, Any] = {"owner": owner, "description": description, "tags": tags, "fresh_within": fresh_within}
    return FeatureView(name, entity, source, features, every, ttl, windows=windows, lateness=lateness, **words)


def _read(sql: str, source: str) -> tuple[tuple[str, ...], list[Feature]]:
    statement = _select(sql)
    parts = {name for name, value in statement.args.items() if value}
    foreign = parts - {"expressions", "from_", "group", "windows", "kind", "operation_modifiers"}
    if foreign:
        names = ", ".join(sorted(foreign)).upper().replace("_", "")
        raise Refused(f"{names} is not allowed here; do that in the source's sql")
    table = statement.args["from_"].this.name if statement.args.get("from_") else ""
    if table.lower() != source.lower():
        raise Refused(f"it must read FROM {source}, the view's source, not {table or 'nothing'}")
    group = statement.args.get("group")
    entity = tuple(column.name for column in group.expressions) if group else ()
    if not entity:
        raise Refused("GROUP BY must name the entity's columns")
    named = {window.name.lower(): window for window in statement.args.get("windows") or ()}
    features = [_feature(item, named) for item in statement.expressions if not _is_entity(item, entity)]
    return entity, features


def _select(sql: str) -> "exp.Expression":
    """Parse the statement; where that fails, point at a word that is nearly one of SQL's."""
    words = [word.upper() for word in re.findall(r"[A-Za-z_]+", sql)]
    near = {word: close for word in words if word not in WORDS for close in get_close_matches(word, WORDS, 1, 0.75)}
    meant = "".join(f"perhaps {word} is meant to be {close}; " for word, close in near.items())
    wanted = f"one SELECT, as in: {EXAMPLE}"
    try:
        statement = parse_text(sql, wanted=wanted)
    except Refused as error:
        raise Refused(f"{meant}{error}") from None
    if type(statement).__name__ != "Select":
        raise Refused(f"{meant}it is no SELECT. Write {wanted}")
    return statement


def _is_entity(item: "exp.Expression", entity: Sequence[str]) -> bool:
    return type(item).__name__ == "Column" and item.name.lower() in {name.lower() for name in entity}


def _feature(item: "exp.Expression", windows: Mapping[str, "exp.Expression"]) -> Feature:
    alias = item.alias if type(item).__name__ == "Alias" else None
    made = item.this if alias else item
    if type(made).__name__ == "Window":
        return _windowed(made, alias, windows)
    if type(made).__name__ == "Anonymous" and made.name.lower() == "last":
        return _named(Feature(LATEST, _argument(made)), alias)
    if type(made).__name__ == "Anonymous" and made.name.lower() in KINDS:
        raise Refused(f"{_text(made)} has no window; say {_text(made)} OVER (RANGE INTERVAL 24 HOURS PRECEDING)")
    if type(made).__name__ == "Anonymous" and made.name.lower() not in FUNCTIONS:
        raise Refused(f"no function is called {made.name}{_meant(made.name.lower(), [*KINDS, *FUNCTIONS])}")
    if type(made).__name__ == "Column" and alias is None:
        raise Refused(f"{_text(made)} is neither in GROUP BY nor a feature; its newest value is last({_text(made)})")
    if type(made).__name__ == "Star":
        raise Refused("* is no feature; name the entity's columns and each feature")
    if alias is None:
        raise Refused(f"{_text(made)} needs a name, AS …")
    return Feature(DERIVED, given_name=alias, expression=_text(made))


def _windowed(made: "exp.Expression", alias: str | None, windows: Mapping[str, "exp.Expression"]) -> Feature:
    call, where = made.this, None
    if type(call).__name__ == "Filter":
        where = _text(call.expression.this)
        call = call.this
    function = call.name.lower()
    kind = KINDS.get(function)
    if kind == LATEST:
        raise Refused(f"last takes no window, it is the newest value of all; write {_text(call)} without OVER")
    if kind is None:
        windowed = sorted(set(KINDS) - {"last"})
        near = _meant(function, windowed)
        raise Refused(f"{function} over a window is not allowed{near}; there is {', '.join(windowed)}")
    column = _argument(call)
    if column is not None and type(call.expressions[0]).__name__ == "Distinct":
        if kind != "count":
            raise Refused(f"DISTINCT goes with count, not with {function}")
        kind = "count_distinct"
    return _named(Feature(kind, column, _over(made, windows), given_name=alias if where else None, where=where), alias)


def _meant(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _argument(call: "exp.Expression") -> str | None:
    """Take the one column that an aggregate is of; ``None`` for ``count(*)``."""
    arguments = call.expressions
    if len(arguments) == 1 and type(arguments[0]).__name__ == "Distinct":
        arguments = arguments[0].expressions
    if len(arguments) == 1 and type(arguments[0]).__name__ == "Star" and call.name.lower() == "count":
        return None
    if len(arguments) != 1 or type(arguments[0]).__name__ != "Column":
        raise Refused(f"{_text(call)} must be of one column of the source; compute that column in the source's sql")
    return str(arguments[0].name)


def _over(made: "exp.Expression", windows: Mapping[str, "exp.Expression"]) -> str:
    spec = made.args.get("spec")
    name = made.args.get("alias")
    if spec is None and name is not None:
        if name.name.lower() not in windows:
            raise Refused(f"no window is called {name.name}; there is {', '.join(windows) or 'none'}")
        spec = windows[name.name.lower()].args.get("spec")
    start: Any = spec.args.get("start") if spec is not None else None
    ends = spec.args.get("end") in {None, "CURRENT ROW"} if spec is not None else False
    if type(start).__name__ != "Interval" or spec is None or spec.args.get("start_side") != "PRECEDING" or not ends:
        raise Refused("a window is RANGE INTERVAL … PRECEDING, such as RANGE INTERVAL 24 HOURS PRECEDING")
    unit = UNITS.get(str(start.args["unit"].name).upper().removesuffix("S"))
    if unit is None or not start.this.name.isdigit():
        raise Refused(f"{_text(start)} is no window; use whole seconds, minutes, hours, days or weeks")
    return f"{int(start.this.name)}{unit}"


def _named(feature: Feature, alias: str | None) -> Feature:
    """Give a feature its name, unless it is the one that it would have."""
    if alias is None or alias == feature.name:
        return feature
    return Feature(feature.kind, feature.column, feature.over, given_name=alias, where=feature.where)


def _text(node: "exp.Expression") -> str:
    return node.sql("duckdb", normalize_functions=False)
