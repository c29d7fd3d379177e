"""Equal values hash alike, unequal ones do not."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.core.digest import canonical_json, digest_of, plain, plain_fields, sha256_hex

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Point:
    x: int
    y: float


@given(JSON)
def test_canonical_json_reads_back_as_the_same_value(value):
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_change_a_digest(mapping):
    assert digest_of(mapping) == digest_of(dict(reversed(mapping.items())))


@given(st.sets(st.text()))
def test_the_order_of_a_set_does_not_change_a_digest(values):
    assert digest_of(values) == digest_of(sorted(values, key=repr))


def test_sha256_of_nothing_is_the_published_one():
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_digest_is_sha256_of_the_canonical_text():
    assert digest_of({"é": 1}) == hashlib.sha256('{"é":1}'.encode()).hexdigest()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, "red"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (datetime(2013, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2012-12-31T22:00:00Z"),
        (timedelta(minutes=5), 300.0),
        (Point(1, 2.0), {"x": 1, "y": 2.0}),
        ((1, [2]), [1, [2]]),
        (True, True),
    ],
)
def test_what_json_lacks_is_reduced_to_what_it_has(value, expected):
    assert plain(value) == expected


def test_true_and_one_hash_differently():
    assert digest_of(True) != digest_of(1)


def test_the_same_moment_in_two_zones_hashes_alike():
    here = datetime(2013, 6, 1, 12, tzinfo=UTC)
    assert digest_of(here) == digest_of(here.astimezone(timezone(timedelta(hours=-5))))


def test_an_object_without_canonical_form_is_refused_by_its_type():
    with pytest.raises(TypeError, match="object has no canonical form"):
        plain(object())


def test_a_class_is_no_value():
    with pytest.raises(TypeError, match="type has no canonical form"):
        plain(Point)


def test_fields_of_a_dataclass_become_a_dict_and_a_list_has_none():
    assert plain_fields(Point(1, 2.0)) == {"x": 1, "y": 2.0}
    with pytest.raises(TypeError, match="list has no fields"):
        plain_fields([1])
