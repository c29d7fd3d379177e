"""A source in parts gives the bits of one that is held, also where another engine computes it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples
from tests.timed_facts import ASKED, KEYS, MINUTES, ROWS, bits, facts_of, laid_out, spine_of, view_for

from sluiceway.adapters.duckdb_engine import DuckdbEngine
from sluiceway.features.point_in_time import features_at, features_now
from sluiceway.features.time_audit import changed_features

SHAPES = {
    "all features": {"kinds": ("window", "latest")},
    "by event": {"kinds": ("window", "latest"), "by_event": True},
    "latest ones": {"kinds": ("latest",)},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, asked=ASKED, cutoff=MINUTES, entity=st.sampled_from([("e",), ("e", "code")]))
@settings(max_examples=examples(4), deadline=None)
def test_a_source_in_parts_gives_the_same_bits_as_one_that_is_held(named, shape, rows, asked, cutoff, entity):
    view = view_for(KEYS[named], entity, ttl="7m" if cutoff % 2 else None, **SHAPES[shape])
    held, spine = facts_of(rows, cutoff), spine_of(asked)
    parted = facts_of(rows, cutoff, laid_out())
    wanted = features_at(held, view, spine)
    assert bits(features_at(parted, view, spine)) == bits(wanted)
    assert bits(features_at(parted, view, spine)) == bits(wanted)  # from what was kept
    if entity == ("e",):
        assert bits(features_now(parted, view)) == bits(features_now(held, view))
    assert changed_features(parted, view, spine, wanted) == []


def test_what_is_computed_elsewhere_of_a_large_source_is_read_there_and_never_held():
    rows = [
        {"key": n % 3, "e": "ab"[n % 2], "code": "x", "x": n, "y": n / 7, "flag": True, "event": n, "known": n}
        for n in range(12)
    ]
    view, spine = view_for("key", ("e",), kinds=("window", "latest")), spine_of([("a", 5), ("b", 30), ("c", 9)])
    held, sources = facts_of(rows, 30), []

    class Elsewhere(DuckdbEngine):
        def query(self, sql, tables, *, in_order=False):
            sources.append(tables["source"])
            return super().query(sql, tables, in_order=in_order)

    there = replace(facts_of(rows, 30, laid_out()), elsewhere=Elsewhere())
    assert bits(features_at(there, view, spine)) == bits(features_at(held, view, spine))
    assert bits(features_now(there, view)) == bits(features_now(held, view))
    assert len(sources) == 3  # whether facts repeat is asked once
    assert [source.held for source in sources] == [None] * 3
