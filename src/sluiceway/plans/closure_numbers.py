"""Numbers at request time, as DuckDB computes them: what Python's own operators do otherwise is put right here.

No argument is ever ``None``. NaN equals itself and is above every other number, as in DuckDB. An integer past 64 bits
is an ``OverflowError``, as it stops the query in DuckDB.
"""

import math
from typing import Any

LEAST, GREATEST = -(2**63), 2**63 - 1


def equal(left: Any, right: Any) -> bool:
    """Tell whether two values are equal; NaN equals NaN."""
    return bool(left == right or (left != left and right != right))  # noqa: PLR0124 - only NaN differs from itself


def less(left: Any, right: Any) -> bool:
    """Tell whether the first value is below the second; NaN is above everything else."""
    return bool(left < right or (right != right and left == left))  # noqa: PLR0124 - only NaN differs from itself


def add(left: float, right: float) -> float:
    """Add."""
    return _whole(left + right)


def subtract(left: float, right: float) -> float:
    """Take the second from the first."""
    return _whole(left - right)


def multiply(left: float, right: float) -> float:
    """Multiply."""
    return _whole(left * right)


def negative(value: float) -> float:
    """Turn the sign."""
    return _whole(-value)


def distance(value: float) -> float:
    """Give the distance from 0."""
    return _whole(abs(value))


def _whole(value: float) -> float:
    if type(value) is int and not LEAST <= value <= GREATEST:
        raise OverflowError(f"{value} is past what a bigint holds")
    return value


def divide(left: float, right: float) -> float | None:
    """Divide as doubles; by zero is ``None``.

    >>> divide(-7, 2)
    -3.5
    """
    return left / right if right != 0 else None


def divide_whole(left: int, right: int) -> int | None:
    """Divide integers, dropping what is past the point; by zero is ``None``.

    >>> divide_whole(-7, 2)
    -3
    """
    if right == 0:
        return None
    whole = abs(left) // abs(right)
    return int(_whole(whole if (left < 0) == (right < 0) else -whole))


def remainder(left: float, right: float) -> float | None:
    """Give what a division leaves, with the sign of the dividend; by zero is ``None``.

    >>> remainder(-7, 3)
    -1
    """
    if right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        left_over = abs(left) % abs(right)
        return left_over if left >= 0 else -left_over
    return math.fmod(left, right) if math.isfinite(left) else math.nan


def rounded(value: float, decimals: int = 0) -> float:
    """Round to so many decimals, halves away from zero; the scaled value is what is rounded, as in DuckDB.

    >>> rounded(-2.5), rounded(2.675, 2), rounded(25, -1)
    (-3.0, 2.68, 30)
    """
    if isinstance(value, int):
        return value if decimals >= 0 else _whole(_rounded_whole(value, 10**-decimals))
    if not math.isfinite(value):
        return value
    scale = 10.0 ** abs(decimals)
    if decimals < 0:
        return _half_away(value / scale) * scale
    scaled = value * scale
    return _half_away(scaled) / scale if math.isfinite(scaled) else value


def _rounded_whole(value: int, step: int) -> int:
    count, rest = divmod(abs(value), step)
    size = (count + (2 * rest >= step)) * step
    return size if value >= 0 else -size


def _half_away(value: float) -> float:
    whole = math.floor(abs(value))
    return math.copysign(whole + (abs(value) - whole >= 0.5), value)  # noqa: PLR2004 - a half


def floor(value: float) -> float:
    """Give the greatest whole number not above, as a double."""
    return math.copysign(math.floor(value), value) if math.isfinite(value) else value


def ceil(value: float) -> float:
    """Give the least whole number not below, as a double."""
    return math.copysign(math.ceil(value), value) if math.isfinite(value) else value


def square_root(value: float) -> float:
    """Take the square root; NaN below zero."""
    return math.sqrt(value) if value >= 0 else math.nan


def natural_log(value: float) -> float:
    """Take the logarithm to base e; -inf at zero, NaN below."""
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan


def decimal_log(value: float) -> float:
    """Take the logarithm to base 10; -inf at zero, NaN below."""
    return math.log10(value) if value > 0 else -math.inf if value == 0 else math.nan


def exponential(value: float) -> float:
    """Raise e to a power; inf past what a double holds."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def power(base: float, exponent: float) -> float:
    """Raise to a power as C does: 0 to a negative power is inf, a negative number to a fraction is NaN."""
    try:
        return math.pow(base, exponent)
    except (OverflowError, ValueError) as error:
        if isinstance(error, ValueError) and base != 0:
            return math.nan
        return math.copysign(math.inf, base) if math.fmod(exponent, 2) in {1, -1} else math.inf


def sine(value: float) -> float:
    """Take the sine of radians; NaN of inf."""
    return math.sin(value) if math.isfinite(value) else math.nan


def cosine(value: float) -> float:
    """Take the cosine of radians; NaN of inf."""
    return math.cos(value) if math.isfinite(value) else math.nan
