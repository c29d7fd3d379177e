import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.plans.packed_value import (
    PackedValue,
    features_reader,
    pack_key,
    pack_value,
    unpack_value,
)

TIMES = st.integers(-(2**63), 2**63 - 1)
FEATURES = st.lists(st.none() | st.text() | st.floats(allow_nan=False))
ENTITY = st.lists(st.integers(-(2**63), 2**63 - 1) | st.text() | st.booleans(), min_size=1, max_size=3)


@given(TIMES, TIMES, TIMES, TIMES, FEATURES)
def test_a_value_comes_back_as_it_was_packed(event, known, through, written, features):
    value = PackedValue(event, known, through, written, features)
    packed = pack_value(value)
    assert unpack_value(packed) == value


@given(st.tuples(TIMES, TIMES), st.tuples(TIMES, TIMES))
def test_stamps_compare_as_the_times_do(one, other):
    first, second = (pack_value(PackedValue(*times, 0, 0, []))[:16] for times in (one, other))
    assert (first < second) == (one < other)
    assert (first == second) == (one == other)


@given(ENTITY, ENTITY)
def test_keys_are_equal_only_for_equal_values_of_equal_types(one, other):
    typed = [[(type(value), value) for value in entity] for entity in (one, other)]
    assert (pack_key(one) == pack_key(other)) == (typed[0] == typed[1])


def test_a_number_a_text_and_a_truth_are_three_entities():
    assert len({pack_key([1]), pack_key(["1"]), pack_key([True])}) == 3


@given(FEATURES)
def test_features_are_read_by_name_in_their_order(features):
    names = [f"v__{place}" for place in range(len(features))]
    read = features_reader([names])([pack_value(PackedValue(1, 2, 3, 4, features))])
    assert list(read().items()) == list(zip(names, features, strict=True))


@given(st.lists(st.tuples(FEATURES, st.booleans()), max_size=4))
def test_values_of_several_views_are_read_as_if_each_were_read_alone(given):
    views = [[f"v{view}__{place}" for place in range(len(features))] for view, (features, _) in enumerate(given)]
    values = [pack_value(PackedValue(1, 2, 3, 4, features)) if known else None for features, known in given]
    read, alone = features_reader(views)(values), {}
    for names, value in zip(views, values, strict=True):
        alone |= dict.fromkeys(names) if value is None else features_reader([names])([value])()
    assert list(read().items()) == list(alone.items())


@pytest.mark.parametrize("views", [[["a", "b"]], [["a", "b"], ["c"]], [["c"], ["a", "b"]]])
def test_fewer_features_than_names_are_refused(views):
    value = pack_value(PackedValue(0, 0, 0, 0, [1.0]))
    with pytest.raises(msgspec.DecodeError):
        features_reader(views)([value] * len(views))


def test_features_that_one_value_lacks_and_another_has_too_many_are_refused():
    values = [pack_value(PackedValue(0, 0, 0, 0, features)) for features in ([1.0], [1.0, 2.0, 3.0])]
    with pytest.raises(msgspec.DecodeError, match="2 features"):
        features_reader([["a", "b"], ["c", "d"]])(values)


def test_damaged_features_are_refused():
    with pytest.raises(msgspec.DecodeError):
        unpack_value(pack_value(PackedValue(0, 0, 0, 0, [1.0, "a"]))[:-1])


def test_a_value_too_short_for_its_times_is_refused():
    with pytest.raises(struct.error):
        unpack_value(pack_value(PackedValue(0, 0, 0, 0, []))[:31])
