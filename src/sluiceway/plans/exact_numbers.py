"""Exact numbers: the engine's casts of whole numbers and doubles, in plain Python and to the same bits."""

UNIT = 2.0**96  # fractions are summed in units of 2**-96 (see ``plans.partials``)
EXACT = 1 << 53  # whole numbers up to here are doubles
WORD = 1 << 64


def as_double(whole: int) -> float:
    """Cast a whole number of 128 bits as the engine does: each half by itself, then their sum.

    >>> as_double(-(2**80)) == -(2.0**80)
    True
    """
    if -EXACT <= whole <= EXACT:
        return float(whole)
    high, low = whole >> 64, whole & (WORD - 1)
    if high == -1:
        return -float(WORD - 1 - low) - 1.0
    return float(low) + float(high) * float(WORD)


def exact_parts(value: float) -> tuple[int, int]:
    """Split a finite double into its whole part and its fraction in units of 2**-96.

    >>> exact_parts(-2.5) == (-2, -(2**95))
    True
    """
    whole = int(value)
    return whole, round((value - whole) * UNIT)
