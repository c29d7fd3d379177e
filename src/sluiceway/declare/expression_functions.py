"""The functions an expression may call: one table for the grammar, the kinds, the documentation and the tests."""

from dataclasses import dataclass

NUMERIC = "numeric"
MOMENT = "moment"
ANY = "any"
SAME = "same"


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes and gives.

    ``takes`` holds each argument's kind: integer, ``numeric`` (integer or number), text, ``moment`` (a time in UTC or
    on a local clock), time, ``any``, or ``same`` (any, but all alike). The last ``optional`` of them may be left out;
    with ``repeats``, the last may be given many times. ``gives`` is a kind, or ``same`` for the kind of what goes in.
    """

    takes: tuple[str, ...]
    gives: str
    meaning: str
    optional: int = 0
    repeats: bool = False

    @property
    def arity(self) -> str:
        """How many arguments there may be, in words."""
        most, least = len(self.takes), len(self.takes) - self.optional
        if self.repeats:
            return f"at least {least}"
        return f"{least}" if most == least else f"{least} to {most}"

    def accepts(self, count: int) -> bool:
        """Tell whether so many arguments will do."""
        return len(self.takes) - self.optional <= count and (self.repeats or count <= len(self.takes))


def _part(meaning: str) -> Function:
    return Function((MOMENT,), "integer", meaning)


def _curve(meaning: str) -> Function:
    return Function((NUMERIC,), "number", meaning)


FUNCTIONS: dict[str, Function] = {
    "abs": Function((NUMERIC,), SAME, "distance from 0; an integer stays one"),
    "round": Function((NUMERIC, "integer"), SAME, "nearest at so many decimals (a literal), halves away from 0", 1),
    "floor": _curve("greatest whole number not above"),
    "ceil": _curve("least whole number not below"),
    "sqrt": _curve("square root; NaN below 0"),
    "ln": _curve("natural logarithm; -inf at 0, NaN below"),
    "log10": _curve("logarithm to base 10; -inf at 0, NaN below"),
    "exp": _curve("e to this power; inf past what a double holds"),
    "pow": Function((NUMERIC, NUMERIC), "number", "first to the power of the second"),
    "sin": _curve("sine of radians"),
    "cos": _curve("cosine of radians"),
    "least": Function((SAME,), SAME, "smallest of the values that are not NULL", repeats=True),
    "greatest": Function((SAME,), SAME, "largest of the values that are not NULL", repeats=True),
    "coalesce": Function((SAME,), SAME, "first value that is not NULL", repeats=True),
    "nullif": Function((SAME, SAME), "first", "the first value, or NULL where the two are equal"),
    "at_zone": Function(
        ("time", "text"), "local", "what a clock in this zone (a literal IANA name) shows at that time"
    ),
    "hour": _part("hour of the day, 0 to 23"),
    "minute": _part("minute of the hour, 0 to 59"),
    "day": _part("day of the month, 1 to 31"),
    "month": _part("month, 1 to 12"),
    "year": _part("year"),
    "dayofweek": _part("day of the week, Sunday 0 to Saturday 6"),
    "isodow": _part("day of the week, Monday 1 to Sunday 7"),
    "dayofyear": _part("day of the year, 1 to 366"),
    "epoch": Function((MOMENT,), "number", "seconds since 1970-01-01, microseconds as the fraction"),
    "lower": Function(("text",), "text", "in lower case, letter by letter"),
    "upper": Function(("text",), "text", "in upper case, letter by letter"),
    "length": Function(("text",), "integer", "number of Unicode code points"),
    "trim": Function(("text",), "text", "without spaces at both ends (tabs and line ends stay)"),
    "starts_with": Function(("text", "text"), "boolean", "whether the first begins with the second"),
    "contains": Function(("text", "text"), "boolean", "whether the second stands somewhere in the first"),
    "substr": Function(
        ("text", "integer", "integer"), "text", "from this place (1 is first, -1 last), so many characters", 1
    ),
    "concat": Function((ANY,), "text", "joined as text; NULL counts as empty", repeats=True),
    "replace": Function(("text", "text", "text"), "text", "every occurrence of the second replaced by the third"),
}

AGGREGATES = frozenset({"sum", "avg", "mean", "count", "min", "max", "std", "stddev", "median", "first", "last"})
CLOCKS = frozenset({"now", "today", "current_date", "current_time", "current_timestamp", "random", "uuid"})
