"""Spark functions: what each function of ``docs/expressions.md``, and those that plans call, is in Spark SQL.

Where Spark's function of the same name means something else (``dayofweek``, ``ln``, ``round``, ``floor``, ``substr``,
``upper``, ``trim``), DuckDB's meaning is spelled out.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from sluiceway.declare.expression_kind import unified
from sluiceway.plans.closure_texts import SPACES, lower, upper
from sluiceway.plans.number_lists import LIST, NUMBER
from sluiceway.plans.spark_casts import NUMERAL, truncated
from sluiceway.plans.spark_hashes import hashed
from sluiceway.plans.spark_lists import TEXTS
from sluiceway.plans.spark_value import HUGE, WHOLE_FROM, SparkValue, refused, text_literal

Arguments = Sequence[SparkValue]
NAN, INFINITE = "CAST('NaN' AS DOUBLE)", "CAST('Infinity' AS DOUBLE)"
MOST_DECIMALS_OF_INTEGERS = 18


def call(name: str, arguments: Arguments) -> SparkValue:
    """Call a function by its DuckDB name.

    Raises:
        MisuseError: nothing in Spark is known to give the same.
    """
    if name in PATTERNS:
        kind, pattern = PATTERNS[name]
        return SparkValue(pattern.format(*(argument.text for argument in arguments)), kind)
    make = MADE.get(name)
    if make is None:
        raise refused(f"nothing is known to be the same as DuckDB's {name}()")
    return make(arguments)


def _first_kind(function: str) -> Callable[[Arguments], SparkValue]:
    return lambda found: SparkValue(f"{function}({', '.join(each.text for each in found)})", found[0].kind)


def _together(function: str) -> Callable[[Arguments], SparkValue]:
    """Call a function whose arguments become one kind."""

    def make(found: Arguments) -> SparkValue:
        kind = HUGE if any(each.kind == HUGE for each in found) else unified([each.kind for each in found], function)
        if len(found) == 1:  # Spark wants two
            return found[0]
        return SparkValue(f"{function}({', '.join(each.text for each in found)})", kind)

    return make


def _sum(found: Arguments) -> SparkValue:
    if found[0].kind != HUGE:
        raise refused("only sums of whole numbers of 128 bits are exact")
    return SparkValue(f"sum({found[0].text})", HUGE)


def _whole(function: str) -> Callable[[Arguments], SparkValue]:
    """Round up or down to a double; Spark alone would give a BIGINT, which large numbers do not fit."""

    def make(found: Arguments) -> SparkValue:
        value = f"CAST({found[0].text} AS DOUBLE)"
        small = f"abs({value}) < {WHOLE_FROM}"
        return SparkValue(f"CASE WHEN {small} THEN CAST({function}({value}) AS DOUBLE) ELSE {value} END", "number")

    return make


def _log(function: str) -> Callable[[Arguments], SparkValue]:
    def make(found: Arguments) -> SparkValue:
        value = f"CAST({found[0].text} AS DOUBLE)"
        outside = f"WHEN {value} = 0.0D THEN -{INFINITE} WHEN {value} < 0.0D THEN {NAN}"
        return SparkValue(f"CASE {outside} ELSE {function}({value}) END", "number")

    return make


def _round(found: Arguments) -> SparkValue:
    value, decimals = found[0], int(found[1].text.strip("()L")) if len(found) > 1 else 0
    if value.kind == "integer":
        return SparkValue(value.text if decimals >= 0 else _rounded_whole(value.text, -decimals), "integer")
    if value.kind != "number":
        raise refused("round() of a value of unknown kind may differ from DuckDB's")
    scale, number = f"1e{abs(decimals)}D", value.text
    if not decimals:
        return SparkValue(_half_away(number), "number")
    if decimals < 0:
        return SparkValue(f"({_half_away(f'({number} / {scale})')} * {scale})", "number")
    scaled = f"({number} * {scale})"
    kept = f"abs({scaled}) < {INFINITE}"
    return SparkValue(f"CASE WHEN {kept} THEN {_half_away(scaled)} / {scale} ELSE {number} END", "number")


def _rounded_whole(value: str, places: int) -> str:
    if places > MOST_DECIMALS_OF_INTEGERS:
        raise refused(f"round() of an integer to 10**{places} is past what 64 bits hold")
    step = 10**places
    up = f"CASE WHEN 2L * (abs({value}) % {step}L) >= {step}L THEN 1L ELSE 0L END"
    return f"(if({value} < 0L, -1L, 1L) * (abs({value}) div {step}L + {up}) * {step}L)"


def _half_away(value: str) -> str:
    whole = f"CAST(CAST(abs({value}) AS BIGINT) AS DOUBLE)"
    up = f"CASE WHEN abs({value}) - {whole} >= 0.5D THEN 1.0D ELSE 0.0D END"
    return f"CASE WHEN abs({value}) < {WHOLE_FROM} THEN signum({value}) * ({whole} + {up}) ELSE {value} END"


def _substring(found: Arguments) -> SparkValue:
    """Cut a piece out as ``closure_texts.substring`` does; Spark counts from 0 and below otherwise."""
    text, start = found[0].text, found[1].text
    first = f"CASE WHEN {start} >= 0L THEN {start} - 1L ELSE CAST(length({text}) AS BIGINT) + {start} END"
    end = f"CAST(length({text}) AS BIGINT)" if len(found) == 1 + 1 else f"({first} + {found[2].text})"
    low, high = f"greatest(least({first}, {end}), 0L)", f"greatest({first}, {end}, 0L)"
    piece = f"substring({text}, {_small(f'{low} + 1L')}, {_small(f'{high} - {low}')})"
    missing = " OR ".join(f"{each.text} IS NULL" for each in found)
    return SparkValue(f"CASE WHEN {missing} THEN NULL ELSE {piece} END", "text")


def _small(whole: str) -> str:
    return f"CAST(least({whole}, {2**31 - 1}L) AS INT)"


@lru_cache(maxsize=2)
def _letters(*, capital: bool) -> str:
    """List every letter whose case changes, and what it becomes, as the last two arguments of ``translate``."""
    change = upper if capital else lower
    letters = [letter for letter in map(chr, range(0xD800)) if change(letter) != letter]
    letters += [letter for letter in map(chr, range(0xE000, 0x20000)) if change(letter) != letter]
    return f"{text_literal(''.join(letters))}, {text_literal(''.join(map(change, letters)))}"


def _cased(*, capital: bool) -> Callable[[Arguments], SparkValue]:
    return lambda found: SparkValue(f"translate({found[0].text}, {_letters(capital=capital)})", "text")


def _concat(found: Arguments) -> SparkValue:
    return SparkValue(f"concat({', '.join(f'''coalesce({each.text}, '')''' for each in found)})", "text")


def _extracted(found: Arguments) -> SparkValue:
    r"""Take a list's inside, or a number, out of a text; no other pattern is known to mean the same.

    In Java ``$`` is also before a line's last end, of which it knows more: ``\\z`` is the end.
    """
    text, pattern, group = (each.text for each in found)
    kinds = {text_literal(LIST): "text", text_literal(NUMBER): NUMERAL}
    if pattern not in kinds or group != "1L":
        raise refused("only lists of numbers are known to be read the same by regexp_extract()")
    ended = pattern.removesuffix("$'") + "\\\\z'"
    return SparkValue(f"regexp_extract({text}, {ended}, 1)", kinds[pattern])


def _split(found: Arguments) -> SparkValue:
    text, mark = (each.text for each in found)
    if mark != "','":
        raise refused("only at commas is string_split() known to be the same")
    return SparkValue(f"split({text}, {mark}, -1)", TEXTS)


def _part(function: str) -> tuple[str, str]:
    return "integer", f"CAST({function} AS BIGINT)"


PATTERNS = {
    "count": ("integer", "count({0})"), "row_number": ("integer", "row_number()"),
    "epoch_us": ("integer", "unix_micros({0})"),
    "isfinite": ("boolean", f"(abs({{0}}) < {INFINITE})"),
    "trunc": ("number", truncated("{0}")),
    "sqrt": ("number", "sqrt(CAST({0} AS DOUBLE))"), "exp": ("number", "exp(CAST({0} AS DOUBLE))"),
    "pow": ("number", "pow(CAST({0} AS DOUBLE), CAST({1} AS DOUBLE))"),
    "sin": ("number", "sin(CAST({0} AS DOUBLE))"), "cos": ("number", "cos(CAST({0} AS DOUBLE))"),
    "timezone": ("local", "from_utc_timestamp({1}, {0})"),
    "hour": _part("hour({0})"), "minute": _part("minute({0})"), "day": _part("day({0})"),
    "month": _part("month({0})"), "year": _part("year({0})"), "dayofyear": _part("dayofyear({0})"),
    "dayofweek": _part("dayofweek({0}) - 1"), "isodow": _part("weekday({0}) + 1"),
    "length": _part("length({0})"), "len": _part("size({0})"),
    "trim": ("text", f"trim(BOTH {text_literal(SPACES)} FROM {{0}})"),
    "starts_with": ("boolean", "startswith({0}, {1})"), "contains": ("boolean", "contains({0}, {1})"),
    "replace": ("text", "replace({0}, {1}, {2})"),
}  # fmt: skip
MADE: dict[str, Callable[[Arguments], SparkValue]] = {
    "min": _first_kind("min"), "max": _first_kind("max"), "lag": _first_kind("lag"),
    "md5_number_lower": lambda found: hashed(found[0]),
    "abs": _first_kind("abs"), "nullif": _first_kind("nullif"), "sum": _sum,
    "coalesce": _together("coalesce"), "least": _together("least"), "greatest": _together("greatest"),
    "floor": _whole("floor"), "ceil": _whole("ceil"), "ln": _log("ln"), "log10": _log("log10"),
    "round": _round, "substr": _substring, "concat": _concat,
    "regexp_extract": _extracted, "string_split": _split,
    "lower": _cased(capital=False), "upper": _cased(capital=True),
}  # fmt: skip
