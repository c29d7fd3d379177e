"""Refreshing writes what changed: the store then holds what a whole materialisation holds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples
from tests.timed_facts import KEYS, MINUTES, ROWS, facts_of, view_for

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.features import refreshing
from sluiceway.features.materialise import materialise
from sluiceway.features.refreshing import refresh, touched_entities
from sluiceway.plans.packed_value import pack_key, unpack_value
from sluiceway.ports.progress import Silence

NOW, LATER = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
ENTITIES = [pack_key((name,)) for name in "ab"]
LOST = st.sets(st.integers(0, 19))
KINDS = {"windows and latest": ("window", "latest"), "windows": ("window",), "latest": ("latest",)}


def held(store, view):
    """What a reader can tell of the view: features, and the stamp where it ages."""
    values = [value and unpack_value(value) for value in store.read(view.digest, ENTITIES)]
    ages = any(feature.is_latest for feature in view.features)
    return [value and (value.features, value[:2] if ages else None) for value in values], store.count(view.digest)


def whole(facts, view):
    store = MemoryOnline()
    materialise(facts, view, store, now=NOW)
    return store


class Dying(MemoryOnline):
    """A store whose writer is killed behind so many batches."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def write(self, view, items):
        if self.batches == 0:
            raise KeyboardInterrupt
        self.batches -= 1
        return super().write(view, items)


@pytest.mark.parametrize("kinds", KINDS)
@pytest.mark.parametrize("named", KEYS)
@given(before=ROWS, added=ROWS, lost=LOST, cutoffs=st.tuples(MINUTES, MINUTES), by_event=st.booleans())
@settings(max_examples=examples(3), deadline=None)
def test_a_refresh_comes_to_what_a_whole_materialisation_holds(named, kinds, before, added, lost, cutoffs, by_event):
    view = view_for(KEYS[named], kinds=KINDS[kinds], by_event=by_event and "windows" in kinds)
    after = [row for place, row in enumerate(before) if place not in lost] + added
    old, new = facts_of(before, cutoffs[0]), facts_of(after, cutoffs[1])
    store = whole(old, view)
    mark = store.snapshot(view.digest)
    refresh(new, view, store, before=old, now=LATER, progress=Silence())
    assert held(store, view) == held(whole(new, view), view)
    assert store.snapshot(view.digest) == mark
    again = refresh(new, view, store, before=new, now=LATER, progress=Silence())
    assert (again.how, again.written) == ("changes", 0)


@pytest.mark.parametrize("named", KEYS)
@given(before=ROWS, added=ROWS, cutoffs=st.tuples(MINUTES, MINUTES), batches=st.integers(0, 1))
@settings(max_examples=examples(3), deadline=None)
def test_a_refresh_that_was_killed_is_begun_anew_and_ends_the_same(named, before, added, cutoffs, batches):
    view = view_for(KEYS[named])
    low, high = sorted(cutoffs)
    old, new = facts_of(before, low), facts_of([*before, *added], high)
    store = Dying(batches)
    materialise(old, view, store, now=NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refreshing, "CHUNK", 1)
        try:
            refresh(new, view, store, before=old, now=LATER, progress=Silence())
        except KeyboardInterrupt:
            store.batches = -1
            refresh(new, view, store, before=old, now=LATER, progress=Silence())
    assert held(store, view) == held(whole(new, view), view)


def row(entity, known, x, key):
    return {"key": key, "e": entity, "code": "a", "x": x, "y": 1.0, "event": known, "known": known}


def test_only_entities_that_change_are_looked_at_and_only_other_values_written():
    view = view_for("key", kinds=("window",))
    rows = [row("a", -25, 1, 1), row("b", 0, 2, 2)]
    old, new = facts_of(rows, 10), facts_of([*rows, row("b", 12, 3, 3)], 15)
    assert touched_entities(new, view, before=old)["e"].to_pylist() == ["b"]
    store = whole(old, view)
    done = refresh(new, view, store, before=old, now=LATER, progress=Silence())
    assert (done.how, done.looked_at, done.written) == ("changes", 1, 1)
    written = [unpack_value(value).written for value in store.read(view.digest, ENTITIES)]
    assert [each == int(LATER.timestamp() * 1e6) for each in written] == [False, True]


def test_a_fact_that_landed_late_touches_its_entity_although_the_moment_stays():
    view = view_for("key")
    rows = [row("a", 0, 1, 1), row("b", -3, 2, 2)]
    old, new = facts_of(rows, 10), facts_of([*rows, row("a", 3, 9, 3)], 10)
    assert touched_entities(new, view, before=old)["e"].to_pylist() == ["a"]


def test_a_correction_that_moves_a_fact_to_another_entity_touches_both():
    view = view_for("key")
    old, new = facts_of([row("a", 0, 1, 1)], 5), facts_of([row("a", 0, 1, 1), row("b", 7, 1, 1)], 10)
    assert sorted(touched_entities(new, view, before=old)["e"].to_pylist()) == ["a", "b"]


def test_where_an_earlier_fact_is_gone_the_view_is_made_whole():
    view = view_for("key")
    old, new = facts_of([row("a", 0, 1, 1), row("b", 0, 2, 2)], 10), facts_of([row("b", 0, 2, 2)], 10)
    store = whole(old, view)
    assert refresh(new, view, store, before=old, now=LATER, progress=Silence()).how == "whole"
    assert store.count(view.digest) == 1


def test_where_nobody_knows_what_the_store_holds_the_view_is_made_whole():
    view, facts = view_for("key"), facts_of([row("a", 0, 1, 1)], 10)
    store = MemoryOnline()
    assert refresh(facts, view, store, before=None, now=LATER, progress=Silence()).how == "whole"
    assert held(store, view) == held(whole(facts, view), view)
