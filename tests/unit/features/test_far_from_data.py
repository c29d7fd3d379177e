"""Requests of a time that the data knows nothing of are told apart from views that are merely old."""

import pytest
from tests.timed_facts import MINUTE, facts_of, view_for

from sluiceway.features.far_from_data import far_from_data


def row(known):
    return {"key": known, "e": "a", "code": "a", "x": 1, "y": 1.0, "event": known, "known": known}


VIEW = view_for("key")
LONGEST = 15  # minutes, behind the last of the moments that are 5 minutes apart


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (5, 9000, ""),  # some of them are within reach
        (LONGEST + 14, 9000, ""),
        (LONGEST + 15, 9000, "the newest fact became known at 1970"),
        (-50, -1, "the first fact became known at 1970"),
        (-50, 3, ""),
    ],
)
def test_it_is_said_where_no_window_reaches_back_to_a_fact(first, last, said):
    facts = facts_of([row(3), row(9)], 0)
    hint = far_from_data(facts, [VIEW], first * MINUTE, last * MINUTE)
    assert said in hint
    assert bool(hint) == bool(said)
    assert not said or 'set as_of = "' in hint


def test_nothing_is_said_without_facts():
    assert far_from_data(facts_of([], 0), [VIEW], 0, 0) == ""
