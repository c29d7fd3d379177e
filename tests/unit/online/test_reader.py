import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.adapters.memory_online import MemoryOnline
from sluiceway.artifacts.serving_contract import ServedView
from sluiceway.online.reader import OnlineReader
from sluiceway.plans.packed_value import PackedValue, pack_key, pack_value

DELAYS = ServedView("delays", "d1" * 32, ("carrier",), ("delays__mean", "delays__latest"), ("delays__latest",), 100)
PAIRS = ServedView("pairs", "e2" * 32, ("origin", "carrier"), ("pairs__count",))


def reader(*views, store, now=0):
    return OnlineReader(views, store, now_us=lambda: now)


def holding(*entries):
    """A store with ``(view, entity, packed value)``."""
    store = MemoryOnline()
    for view, entity, value in entries:
        store.write(view.digest, [(pack_key(entity), pack_value(value))])
    return store


def test_each_view_gives_its_columns_and_tells_what_it_read():
    store = holding(
        (DELAYS, ["AA"], PackedValue(950, 960, 970, 980, [1.5, None])),
        (PAIRS, ["JFK", "AA"], PackedValue(1, 2, -3, 4, [7])),
    )
    row = reader(DELAYS, PAIRS, store=store, now=1000).read({"carrier": ["AA"], "origin": ["JFK"]})[0]
    assert row.features == {"delays__mean": 1.5, "delays__latest": None, "pairs__count": 7.0}
    assert row.views == {"delays": ("d1" * 6, 980, 970), "pairs": ("e2" * 6, 4, -3)}


def test_an_unknown_entity_has_every_column_missing_and_no_provenance():
    row = reader(DELAYS, PAIRS, store=MemoryOnline()).read({"carrier": ["AA"], "origin": [None]})[0]
    assert row.features == dict.fromkeys(["delays__mean", "delays__latest", "pairs__count"])
    assert row.views == {"delays": None, "pairs": None}


def test_an_entity_is_found_only_by_values_of_its_own_type():
    store = holding((DELAYS, [1], PackedValue(0, 0, 0, 0, [1.0, 1.0])))
    found = reader(DELAYS, store=store).read({"carrier": [1, "1", True, None]})
    assert [row.views["delays"] is not None for row in found] == [True, False, False, False]


def test_rows_come_in_the_order_asked_and_share_nothing():
    store = holding(*((DELAYS, [name], PackedValue(0, 0, 0, 0, [number, 0.5])) for number, name in enumerate("abc")))
    rows = reader(DELAYS, store=store).read({"carrier": ["c", "x", "a", "c", "y"]})
    assert [row.features["delays__mean"] for row in rows] == [2.0, None, 0.0, 2.0, None]
    rows[0].features["delays__mean"] = rows[1].features["delays__mean"] = 9.0
    assert [rows[place].features["delays__mean"] for place in (3, 4)] == [2.0, None]


def test_asking_for_nobody_gives_no_rows():
    assert reader(DELAYS, store=MemoryOnline()).read({"carrier": []}) == []


def test_without_views_every_position_has_an_empty_row():
    assert [tuple(row) for row in reader(store=MemoryOnline()).read({"carrier": ["a", "b"]})] == [({}, {}, "")] * 2


@given(event=st.integers(-300, 300), now=st.integers(-300, 300), own=st.booleans())
def test_what_ages_is_missing_exactly_when_its_event_lies_further_back_than_the_ttl(event, now, own):
    store = holding((DELAYS, ["AA"], PackedValue(event, event, 0, 0, [1.0, 2.0])))
    if own:
        row = reader(DELAYS, store=store, now=now).read({"carrier": ["AA"]})[0]
    else:
        row = reader(DELAYS, store=store, now=10_000).read({"carrier": ["AA"]}, now_us=now)[0]
    assert row.features == {"delays__mean": 1.0, "delays__latest": None if now - event > 100 else 2.0}
    assert row.views["delays"] is not None


def test_a_missing_entity_column_and_columns_or_moments_of_unequal_length_are_refused():
    both = reader(DELAYS, PAIRS, store=MemoryOnline())
    with pytest.raises(KeyError, match="origin"):
        both.read({"carrier": ["AA"]})
    with pytest.raises(ValueError, match=r"shorter|longer"):
        both.read({"carrier": ["AA", "BB"], "origin": ["JFK"]})
    with pytest.raises(ValueError, match=r"shorter|longer"):
        reader(DELAYS, store=MemoryOnline()).read({"carrier": ["AA", "BB"]}, now_us=[1])


def test_damaged_values_are_refused():
    store = MemoryOnline()
    store.write(DELAYS.digest, [(pack_key(["AA"]), bytes(32) + b"\x91\xc0"), (pack_key(["BB"]), bytes(20))])
    for carrier, error in (("AA", msgspec.DecodeError), ("BB", (msgspec.DecodeError, struct.error))):
        with pytest.raises(error):
            reader(DELAYS, store=store).read({"carrier": [carrier]})
