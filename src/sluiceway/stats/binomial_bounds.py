"""Binomial bounds: how good or bad a share can be, given so many successes in so many trials."""

from dataclasses import dataclass
from math import exp, fsum, lgamma, log, log1p

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class ShareBounds:
    """A share, 0 to 1, with its one-sided bounds: either alone holds with the confidence asked for."""

    share: float
    low: float
    high: float


def binomial_bounds(*, successes: int, trials: int, confidence: float = CONFIDENCE) -> ShareBounds | None:
    """Bound the chance of a success by Clopper and Pearson's exact method; ``None`` without trials.

    >>> bounds = binomial_bounds(successes=2995, trials=2995)
    >>> bounds.low >= 0.999 > binomial_bounds(successes=2994, trials=2994).low
    True

    Reference: Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the
    Binomial" (1934).
    """
    from scipy.special import betaincinv

    if trials <= 0:
        return None
    failures, doubt = trials - successes, 1 - confidence
    low = float(betaincinv(successes, failures + 1, doubt)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, confidence)) if failures else 1.0
    return ShareBounds(successes / trials, low, high)


def trials_needed(*, failures: int, share: float, confidence: float = CONFIDENCE) -> int:
    """Tell how many trials with just so many failures it takes for the lower bound to reach a share in (0, 1).

    >>> [trials_needed(failures=failures, share=0.999) for failures in (0, 1)]
    [2995, 4742]
    """
    too_few, enough = failures, max(2 * failures, 1)
    while not _certifies(enough, failures, share, confidence):
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if _certifies(middle, failures, share, confidence):
            enough = middle
        else:
            too_few = middle
    return enough


def _certifies(trials: int, failures: int, share: float, confidence: float) -> bool:
    """Whether so few failures would be too lucky, were the chance of a success no higher than the share."""
    if trials <= failures:
        return False
    failing, succeeding = log1p(-share), log(share)
    terms = [
        lgamma(trials + 1)
        - lgamma(found + 1)
        - lgamma(trials - found + 1)
        + found * failing
        + (trials - found) * succeeding
        for found in range(failures + 1)
    ]
    return fsum(map(exp, terms)) <= 1 - confidence
