"""Share sequences: bounds on a share that hold at every look at once, from the first trial on."""

from math import lgamma, log, log1p

from sluiceway.stats.binomial_bounds import CONFIDENCE, ShareBounds

HALVINGS = 80  # finer than a float is


def share_sequence(*, successes: int, trials: int, confidence: float = CONFIDENCE) -> ShareBounds | None:
    """Bound the chance of a success by what was seen so far; ``None`` without trials.

    With the confidence asked for, no look ever finds either bound crossed: whoever looks again after every trial may
    stop at whatever was seen. Nothing is asymptotic. Chances are excluded that a mixture of all others, weighted by
    Jeffreys' prior, explains so much better that a bet against them would have won ``1 / (1 - confidence)`` times its
    stake.

    >>> bounds = share_sequence(successes=990, trials=1000)
    >>> bounds.high < 0.999
    True
    >>> share_sequence(successes=3000, trials=3000).high
    1.0

    References: Robbins, "Statistical methods related to the law of the iterated logarithm" (1970); Howard, Ramdas,
    McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49
    (2021), the beta-binomial mixture.
    """
    if trials <= 0:
        return None
    failures, doubt = trials - successes, 1 - confidence
    least = _least(successes, failures, doubt)
    return ShareBounds(successes / trials, least, 1 - _least(failures, successes, doubt))


def is_excluded(share: float, *, successes: int, trials: int, doubt: float) -> bool:
    """Whether a share in (0, 1) lies outside the sequence's bounds, of a confidence of ``1 - doubt``."""
    return evidence_against(share, successes=successes, trials=trials) >= -log(doubt)


def evidence_against(share: float, *, successes: int, trials: int) -> float:
    """Tell how much better the mixture explains what was seen than a share in (0, 1), as a logarithm.

    Where the share is the true one, it ever comes to ``-log(doubt)`` at most that often: with a chance of ``doubt``.
    """
    failures = trials - successes
    return _mixed(successes, failures) - successes * log(share) - failures * log1p(-share)


def _mixed(hits: int, misses: int) -> float:
    """The logarithm of how likely hits and misses are, in one order, under Jeffreys' prior: Beta(1/2, 1/2)."""
    return lgamma(hits + 0.5) + lgamma(misses + 0.5) - lgamma(hits + misses + 1) - 2 * lgamma(0.5)


def _least(hits: int, misses: int, doubt: float) -> float:
    """Find the smallest chance of a hit that is not excluded."""
    if not hits:
        return 0.0
    enough = _mixed(hits, misses) + log(doubt)
    low, high = 0.0, hits / (hits + misses)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        told = hits * log(middle) + (misses * log1p(-middle) if misses else 0.0)
        low, high = (low, middle) if told > enough else (middle, high)
    return low
