"""Samples by key."""

from hypothesis import given
from hypothesis import strategies as st

from sluiceway.plans.key_sample import is_drawn

KEYS = st.lists(
    st.one_of(st.text(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.none()), min_size=1, max_size=3
)
SHARES = st.floats(0, 1)


@given(KEYS, SHARES, SHARES)
def test_a_smaller_sample_lies_within_a_larger_one(key, one, other):
    small, large = sorted((one, other))
    assert is_drawn(key, large) or not is_drawn(key, small)
    assert is_drawn(key, 1.0)
    assert not is_drawn(key, 0.0)


def test_a_tenth_of_many_keys_is_about_a_tenth_and_types_are_apart():
    drawn = [number for number in range(20_000) if is_drawn([number], 0.1)]
    assert 1_800 < len(drawn) < 2_200
    assert drawn != [number for number in range(20_000) if is_drawn([str(number)], 0.1)]
