"""Spread: the sample standard deviation, from sums that are exact, in SQL and in plain Python to the same bits.

A number is taken as a whole number of units of 2**-47: whole part ``W`` and ``F`` units, both below 2**47 in size. Kept
are the count and the sums of W, F, W*W, W*F and F*F, each a 128-bit integer for up to 2**30 numbers. The sum of squared
distances from a centre, the mean rounded to a unit, follows from them in integers too, so that nothing cancels however
small the spread is beside the mean; what the rounding of the centre adds is taken off at the end.
"""

from math import sqrt

from sluiceway.plans.exact_numbers import as_double

BITS = 47
UNITS = 1 << BITS
EXACT_BELOW = 1 << 31  # while the whole parts spread less, all of it fits 128 bits
SUMS = ("spread", "whole", "units", "wholes", "cross", "squares")


def spread_values(value: str, *, is_whole: bool) -> dict[str, str]:
    """Say in SQL what each fact adds to each sum but the first, of which there is one a number.

    Args:
        value: A number below 2**47 in size, or NULL, in SQL.
        is_whole: Whether it is an integer.
    """
    if is_whole:
        whole = f"CAST({value} AS HUGEINT)"
        return {"whole": whole, "wholes": f"{whole} * {whole}"}
    whole = f"CAST(trunc({value}) AS HUGEINT)"
    units = f"CAST(trunc(({value} - trunc({value})) * {UNITS}.0) AS HUGEINT)"
    products = {"wholes": f"{whole} * {whole}", "cross": f"{whole} * {units}", "squares": f"{units} * {units}"}
    return {"whole": whole, "units": units, **products}


def bounded(value: str) -> str:
    """Leave out in SQL the numbers that are too large."""
    return f"CASE WHEN {value} > -{UNITS} AND {value} < {UNITS} THEN {value} END"


def deviation_sql(count: str, whole: str, units: str, wholes: str, cross: str, squares: str) -> str:
    """Say in SQL the deviation, given its sums as HUGEINT; NULL for fewer than two numbers."""
    centre = f"(({whole} * {UNITS} + {units}) // {count})"
    rest = f"CAST({whole} * {UNITS} + {units} - {count} * {centre} AS DOUBLE)"
    w = f"({centre} // {UNITS})"
    f = f"({centre} % {UNITS})"
    a = f"({wholes} - {w} * (2 * {whole} - {count} * {w}))"
    b = f"({cross} - {w} * {units} - {f} * {whole} + {count} * {w} * {f})"
    c = f"({squares} - {f} * (2 * {units} - {count} * {f}))"
    exact = f"CAST(({a} * {UNITS} + 2 * {b}) * {UNITS} + {c} AS DOUBLE)"
    large = f"(CAST({a} AS DOUBLE) * {float(UNITS * UNITS)!r} + CAST({b} AS DOUBLE) * {float(2 * UNITS)!r}"
    large = f"{large} + CAST({c} AS DOUBLE))"
    about = f"CASE WHEN {a} < {EXACT_BELOW} THEN {exact} ELSE {large} END"
    n = f"CAST({count} AS DOUBLE)"
    squared = f"greatest({about} - {rest} * {rest} / {n}, 0.0) / ({n} - 1)"
    return f"CASE WHEN {count} > 1 THEN sqrt({squared}) / {UNITS}.0 END"


def split(value: float) -> tuple[int, int]:
    """Split a number below 2**47 in size into its whole part and its units.

    >>> split(-2.5) == (-2, -(2**46))
    True
    """
    whole = int(value)
    return whole, int((value - whole) * UNITS)


def deviation_of(count: int, whole: int, units: int, wholes: int, cross: int, squares: int) -> float | None:
    """Compute the deviation from its sums; ``None`` for fewer than two numbers.

    >>> deviation_of(2, 4, 0, 10, 0, 0) == 2**0.5  # of 1 and 3
    True
    """
    if count <= 1:
        return None
    total = whole * UNITS + units
    centre = _quotient(total, count)
    rest = as_double(total - count * centre)
    w = _quotient(centre, UNITS)
    f = centre - w * UNITS
    a = wholes - w * (2 * whole - count * w)
    b = cross - w * units - f * whole + count * w * f
    c = squares - f * (2 * units - count * f)
    if a < EXACT_BELOW:
        about = as_double((a * UNITS + 2 * b) * UNITS + c)
    else:
        about = as_double(a) * float(UNITS * UNITS) + as_double(b) * float(2 * UNITS) + as_double(c)
    return sqrt(max(about - rest * rest / float(count), 0.0) / (float(count) - 1)) / UNITS


def _quotient(left: int, right: int) -> int:
    """Divide towards zero, as the engine does."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient
