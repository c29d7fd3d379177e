"""History: between two moments of change nothing changes, whatever the facts are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples
from tests.timed_facts import KEYS, MINUTE, ROWS, facts_of, view_for

from sluiceway.features.history import changes, grid, known_from_until, moments_of_change, values_at


@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, ttl=st.none() | st.integers(1, 20), by_event=st.booleans())
@settings(max_examples=examples(2), deadline=None)
def test_every_change_has_its_moment(named, rows, ttl, by_event):
    view = view_for(KEYS[named], ttl=f"{ttl}m" if ttl else None, by_event=by_event)
    facts, low, high = facts_of(rows, 60), -30 * MINUTE, 60 * MINUTE
    moments = moments_of_change(facts, view, {"e": "a"}, low=low, high=high)
    coarse = changes(values_at(facts, view, {"e": "a"}, moments)).to_pylist()
    fine = changes(values_at(facts, view, {"e": "a"}, grid(low=low, high=high, step=MINUTE // 2))).to_pylist()
    values = [[{**row, "_at": None} for row in rows] for rows in (coarse, fine)]
    assert values[0] == values[1]


def test_what_is_known_of_an_entity_begins_with_its_first_fact_and_ends_with_the_newest_of_all():
    def row(entity, known):
        return {"key": known, "e": entity, "code": "a", "x": 1, "y": 1.0, "event": known, "known": known}

    view, facts = view_for("key"), facts_of([row("a", 3), row("b", 1), row("b", 9), row("a", 99)], 20)
    assert known_from_until(facts, view, {"e": "a"}) == (3 * MINUTE, 9 * MINUTE)
    assert known_from_until(facts, view, {"e": "c"}) == (None, 9 * MINUTE)
