"""What is served is what offline computes, and what a stream wrote stays."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples
from tests.timed_facts import KEYS, MINUTE, MINUTES, ROWS, facts_of, spine_of, view_for

import sluiceway as sw
from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.features.materialise import materialise
from sluiceway.features.point_in_time import features_at
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value
from sluiceway.plans.served_view import served


@pytest.mark.parametrize("named", KEYS)
@given(rows=ROWS, cutoff=MINUTES, ttl=st.none() | st.integers(1, 20), by_event=st.booleans())
@settings(max_examples=examples(5), deadline=None)
def test_what_is_read_online_is_what_is_computed_offline_bit_by_bit(named, rows, cutoff, ttl, by_event):
    view = view_for(KEYS[named], ttl=f"{ttl}m" if ttl else None, by_event=by_event)
    facts, online = facts_of(rows, cutoff), MemoryOnline()
    materialise(facts, view, online, now=datetime(2026, 1, 1, tzinfo=UTC))
    asked = [(entity, cutoff) for entity in ("a", "b", "c", None)]
    reader = OnlineReader([served(view)], online, now_us=lambda: cutoff * MINUTE)
    read = reader.read({"e": [entity for entity, _ in asked]})
    for row in features_at(facts, view, spine_of(asked)).to_pylist():
        assert read[row.pop("_row")].features == row


def test_what_a_stream_wrote_before_anything_of_it_landed_stays():
    source = sw.Source("facts", sql="unused", event_time="t", known_time="k", stream=sw.topic("facts"))
    view = sw.FeatureView("v", "e", source, [sw.latest("x")], every="1m")
    facts, online = facts_of([], 5), MemoryOnline()
    streamed = pack_value(PackedValue(9 * MINUTE, 9 * MINUTE, 9 * MINUTE, 0, [1.0]))
    online.write(view.digest, [(pack_key(("new",)), streamed)])
    materialise(facts, view, online, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert online.read(view.digest, [pack_key(("new",))]) == [streamed]
