"""Numbers and moments as people read them."""

from datetime import datetime

from sluiceway.core.moments import in_utc

MISSING = "\N{EN DASH}"
LARGE = 1000
WHOLE_FLOATS_BELOW = 2.0**53


def number_text(value: object) -> str:
    """Write a value for people: thousands set apart, four significant digits, a dash for nothing.

    >>> [number_text(value) for value in (336776, 0.156789, 1234.5678, 3.0, "JFK")]
    ['336,776', '0.1568', '1,235', '3', 'JFK']
    """
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return MISSING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < WHOLE_FLOATS_BELOW):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= LARGE else f"{value:.4g}"


def percent(share: float | None) -> str:
    """Write a share of 0 to 1 as a percentage, with the digits it takes not to round a fault away.

    The space before the sign does not break.

    >>> [percent(share).split() for share in (1.0, 0.99999, 0.157)]
    [['100', '%'], ['99.999', '%'], ['15.7', '%']]
    """
    if share is None or share != share:  # noqa: PLR0124 - only NaN differs from itself
        return MISSING
    hundred = 100 * share
    digits = next((digits for digits in range(1, 8) if round(hundred, digits) not in {0.0, 100.0}), 1)
    return f"{round(hundred, digits)!r}".removesuffix(".0") + "\N{NO-BREAK SPACE}%"


def since_text(day: datetime | None) -> str:
    """Write since when something holds, to stand behind it; nothing where that is not known.

    >>> since_text(datetime(2013, 12, 5)), since_text(None)
    (', since 2013-12-05', '')
    """
    return f", since {day:%Y-%m-%d}" if day else ""


def moment_text(moment: datetime) -> str:
    """Write a moment to the minute.

    >>> moment_text(datetime(2013, 11, 1, 6, 30))
    '2013-11-01 06:30 UTC'
    """
    return f"{in_utc(moment):%Y-%m-%d %H:%M} UTC"
