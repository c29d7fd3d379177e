"""Missed share: how much could be damaged in a set of which a sample showed no damage."""

from math import exp, lgamma

CONFIDENCE = 0.95


def missed_share(*, drawn: int, of: int, confidence: float = CONFIDENCE) -> float:
    """Bound from above the damaged share, 0 to 1, of a set whose sample, drawn without replacement, had no damage.

    It is the largest share of which such a sample would not have been too lucky: chance of it above ``1 - confidence``
    by the hypergeometric distribution. For large sets it comes near the rule of three, ``3 / drawn``.

    Args:
        drawn: How many were drawn, all of them found whole.
        of: How many there are.
        confidence: How sure the bound is, above 0 and below 1.

    Raises:
        ValueError: more were drawn than there are, or a number is below 0.

    >>> round(missed_share(drawn=300, of=1_000_000), 4)
    0.0099
    >>> missed_share(drawn=40, of=40)
    0.0

    Reference: Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?" (1983), for the rule of three.
    """
    if not 0 <= drawn <= of:
        raise ValueError(f"{drawn} cannot be drawn from {of}")
    if of == 0:
        return 0.0
    low, high = 0, of - drawn  # the largest number that may be damaged lies here: more would always be seen
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _unseen(middle, drawn, of) > 1 - confidence else (low, middle - 1)
    return low / of


def _unseen(damaged: int, drawn: int, of: int) -> float:
    """The chance that a sample shows none of the damaged ones: C(of - damaged, drawn) / C(of, drawn)."""
    whole = of - damaged
    if whole < drawn:
        return 0.0
    return exp(lgamma(whole + 1) + lgamma(of - drawn + 1) - lgamma(whole - drawn + 1) - lgamma(of + 1))
