"""Sample ratio: whether as many entities came onto one side of an experiment as should have."""

from math import exp

from sluiceway.stats.share_sequence import evidence_against


def sample_ratio_p_value(*, entities: int, chosen: int, share: float) -> float | None:
    """Tell how rarely chance alone ever leads so far from the share, at whatever look; ``None`` without entities.

    However often an honest experiment is looked at, be it after every entity, the smallest p-value that is ever seen
    is below 0.001 in at most one of a thousand. One that is makes the experiment a broken one: what puts entities on
    the wrong side may be what makes them differ.

    Args:
        entities: How many were seen so far, each once.
        chosen: How many of them were on the side in question.
        share: How many should be, 0 to 1.

    >>> sample_ratio_p_value(entities=1000, chosen=60, share=0.05)
    1.0
    >>> sample_ratio_p_value(entities=1000, chosen=90, share=0.05) < 0.001
    True

    References: Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data" (2022); Fabijan et al.,
    "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments" (2019).
    """
    if entities <= 0:
        return None
    if not 0 < share < 1:
        return 1.0 if chosen == share * entities else 0.0
    return min(exp(-evidence_against(share, successes=chosen, trials=entities)), 1.0)
