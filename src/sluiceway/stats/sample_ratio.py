"""Sample ratio: whether as many entities came onto one side of an experiment as should have."""


def sample_ratio_p_value(*, entities: int, chosen: int, share: float) -> float | None:
    """Tell how rarely chance alone leads so far from the share; ``None`` without entities.

    The test is the exact binomial, twice its smaller tail. An experiment with a p-value below 0.001 is broken: what
    puts entities on the wrong side may be what makes them differ.

    Args:
        entities: How many were seen, each once.
        chosen: How many of them were on the side in question.
        share: How many should be, 0 to 1.

    >>> round(sample_ratio_p_value(entities=1000, chosen=60, share=0.05), 3)
    0.173

    Reference: Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments" (2019).
    """
    from scipy.special import bdtr, bdtrc

    if entities <= 0:
        return None
    at_most = float(bdtr(float(chosen), entities, share))
    at_least = float(bdtrc(float(chosen - 1), entities, share)) if chosen else 1.0
    return min(2 * min(at_most, at_least), 1.0)
