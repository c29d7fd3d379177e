"""Facts that are asked column by column give the same bits."""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples
from tests.timed_facts import ASKED, KEYS, MINUTES, ROWS, bits, facts_of, spine_of, view_for

from sluiceway.features.point_in_time import features_at


@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, asked=ASKED, cutoff=MINUTES, entity=st.sampled_from([("e",), ("e", "code")]))
@settings(max_examples=examples(4), deadline=None)
def test_a_source_asked_by_column_gives_the_same_bits_as_one_that_is_held(named, rows, asked, cutoff, entity):
    view = view_for(KEYS[named], entity, ttl="7m" if cutoff % 2 else None, kinds=("latest",))
    held, spine = facts_of(rows, cutoff), spine_of(asked)
    wanted = bits(features_at(held, view, spine))
    with patch("sluiceway.features.stored_facts.FROM_BYTES", 0):
        assert bits(features_at(held, view, spine)) == wanted
