from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln

from sluiceway.stats.sample_ratio import sample_ratio_p_value


def test_a_share_that_is_kept_is_no_surprise():
    assert sample_ratio_p_value(entities=4_000, chosen=200, share=0.05) == 1.0


def test_twice_the_share_is():
    assert sample_ratio_p_value(entities=4_000, chosen=400, share=0.05) < 1e-10


@given(st.integers(1, 3_000), st.floats(0.01, 0.99), st.data())
def test_the_p_value_is_how_much_worse_the_share_explains_what_was_seen_than_all_others_do(entities, share, data):
    chosen = data.draw(st.integers(0, entities))
    mixed = betaln(chosen + 0.5, entities - chosen + 0.5) - betaln(0.5, 0.5)
    alone = chosen * np.log(share) + (entities - chosen) * np.log1p(-share)
    found = sample_ratio_p_value(entities=entities, chosen=chosen, share=share)
    assert found == pytest.approx(min(np.exp(alone - mixed), 1.0), rel=1e-6)


ENTITIES = np.arange(1, 3_001)


def honest(share):
    """Between which counts lie those that are no reason to stop, for each number of entities."""

    def is_broken(entities, chosen):
        return sample_ratio_p_value(entities=entities, chosen=chosen, share=share) < 0.001

    fewest, most = [], []
    for entities in ENTITIES.tolist():
        middle = round(share * entities)
        fewest.append(bisect_left(range(middle), True, key=lambda chosen, at=entities: not is_broken(at, chosen)))
        above = range(middle, entities + 1)
        most.append(middle - 1 + bisect_left(above, True, key=lambda chosen, at=entities: is_broken(at, chosen)))
    return np.array(fewest), np.array(most)


def ever_stopped(true_share, share, *, canaries=4_000):
    """How many of the canaries stop that are looked at after every entity."""
    fewest, most = honest(share)
    drawn, stopped = np.random.default_rng(7), 0
    for _ in range(canaries):
        chosen = np.cumsum(drawn.random(ENTITIES.size) < true_share)
        stopped += bool(((chosen < fewest) | (chosen > most)).any())
    return stopped / canaries


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
def test_an_honest_split_is_accused_once_in_a_thousand_at_most_however_often_one_looks(share):
    assert ever_stopped(share, share) <= 0.001


@pytest.mark.parametrize(("true_share", "share"), [(0.1, 0.05), (0.35, 0.25), (0.6, 0.5)])
def test_a_wrong_split_is_found(true_share, share):
    assert ever_stopped(true_share, share, canaries=400) > 0.99


@pytest.mark.parametrize(("chosen", "expected"), [(10, 1.0), (9, 0.0)])
def test_a_share_of_all_leaves_nobody_out(chosen, expected):
    assert sample_ratio_p_value(entities=10, chosen=chosen, share=1.0) == expected


def test_nothing_is_said_of_nobody():
    assert sample_ratio_p_value(entities=0, chosen=0, share=0.5) is None
