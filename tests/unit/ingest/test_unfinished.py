"""A reading that is broken off is gone on with: no row is lost, none lands twice, and half a landing is never seen."""

from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ingest.test_landing import NOW, Breaking, Place, Stopping, rows

from sluiceway.adapters.memory_extractor import MemoryExtractor
from sluiceway.artifacts.landing import begun_key
from sluiceway.artifacts.object_keys import object_key
from sluiceway.core.errors import SourceError
from sluiceway.declare.database import table
from sluiceway.ingest.landed_files import known_landing
from sluiceway.ingest.unfinished import known_begun


class Ordered(Breaking):
    """An extractor whose stream breaks, and that says that its rows come by their cursor, whether or not they do."""

    @contextmanager
    def read(self, origin, since=None):
        with super().read(origin, since) as extraction:
            yield replace(extraction, ordered=True)


def ordered_place(*pairs):
    place = Place(part_bytes=1)
    place.extractor = MemoryExtractor(batch_rows=3, ordered=True)
    return place.holds(rows(*pairs))


def numbers(start, stop):
    return [(number, number) for number in range(start, stop)]


def broken(place, after):
    with pytest.raises(SourceError, match="broke"):
        place.look(extractor=Ordered(place.extractor, after))


def test_a_first_reading_that_breaks_is_no_landing_and_the_next_goes_on():
    place = ordered_place(*numbers(0, 60))
    broken(place, 10)
    assert known_landing("held", place.objects) is None
    assert known_begun("held", None, place.objects).rows == 30
    place.extractor.read_rows = 0
    found = place.look()
    assert found.how == "went on beyond at 29, where a reading broke off"
    assert (found.new_rows, place.extractor.read_rows) == (60, 31)
    assert place.counted() == Counter(numbers(0, 60))
    assert known_begun("held", None, place.objects) is None
    assert place.look().how == "nothing new"


def test_an_increment_that_breaks_goes_on_and_until_then_the_landing_is_the_old_one():
    place = ordered_place(*numbers(0, 9))
    old = place.look().landing
    place.holds(rows(*numbers(0, 60)))
    broken(place, 5)
    broken(place, 5)
    assert known_landing("held", place.objects) == old
    place.extractor.read_rows = 0
    assert place.look().new_rows == 51
    assert place.extractor.read_rows < 30
    assert place.counted() == Counter(numbers(0, 60))


def test_ties_across_the_break_come_in_once_each():
    pairs = [(number, 7) for number in range(20)] + [(1, 7)] * 3 + numbers(8, 12)
    place = ordered_place(*pairs)
    broken(place, 4)
    place.look()
    assert place.counted() == Counter(pairs)


@pytest.mark.parametrize(
    ("meanwhile", "how"),
    [
        ([*numbers(0, 60), (99, 3)], "1 rows came in behind the cursor"),
        (numbers(0, 5), "rows fewer"),
        ([*numbers(0, 60), (99, 60)], "went on"),
    ],
)
def test_what_happened_behind_the_break_is_noticed(meanwhile, how):
    place = ordered_place(*numbers(0, 60))
    broken(place, 10)
    place.holds(rows(*meanwhile))
    assert how in place.look().how
    assert place.counted() == Counter(meanwhile)


def test_what_was_begun_is_forgotten_where_it_no_longer_fits_and_read_anew_when_asked():
    place = ordered_place(*numbers(0, 60))
    broken(place, 10)
    part = known_begun("held", None, place.objects).parts[0]
    place.objects.remove(list(place.objects.leftovers(lambda key: key != object_key(part.sha256))))
    assert place.look().how == "read for the first time"
    assert place.objects.get(begun_key("held")) == b"{}"
    place.holds(rows(*numbers(0, 90)))
    broken(place, 4)
    assert place.look(afresh=True).how == "read afresh, as was asked"
    assert place.counted() == Counter(numbers(0, 90))


@pytest.mark.parametrize("cursor", [pa.array([1.0, float("nan"), 2.0] * 20), pa.array([1, None, 2] * 20, pa.int64())])
def test_values_that_have_no_place_in_an_order_are_not_lost(cursor):
    place = ordered_place()
    place.extractor.put(place.origin, pa.table({"id": list(range(60)), "at": cursor}))
    broken(place, 10)
    place.look()
    assert sorted(place.landed()["id"].to_pylist()) == list(range(60))


def test_without_an_order_or_a_cursor_nothing_is_kept_of_a_reading_that_breaks():
    for origin, extractor in ((table("duckdb:///held", "rows"), Ordered), (Place().origin, Breaking)):
        place = Place(origin, part_bytes=1).holds(rows(*numbers(0, 60)))
        with pytest.raises(SourceError, match="broke"):
            place.look(extractor=extractor(place.extractor, 10))
        assert place.objects.list() == []


ENDS = st.one_of(
    st.none(), st.tuples(st.just("break"), st.integers(0, 6)), st.tuples(st.just("kill"), st.integers(0, 9))
)
PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=25)


@given(looks=st.lists(st.tuples(PAIRS, ENDS), min_size=1, max_size=6), growing=st.booleans(), lying=st.booleans())
@settings(deadline=None, max_examples=200)
def test_whatever_breaks_and_whatever_comes_meanwhile_what_lands_is_what_is_there(looks, growing, lying):
    place, held = ordered_place(), []
    if lying:
        place.extractor = MemoryExtractor(batch_rows=3)
    for pairs, end in looks:
        top = max((at for _, at in held), default=0)
        held += [(key, at + (top if growing else 0)) for key, at in pairs]
        place.holds(rows(*held))
        before = known_landing("held", place.objects)
        kind, after = end or ("", 1000)
        reader = Ordered(place.extractor, after if kind == "break" else 1000)
        store = Stopping(place.objects, after) if kind == "kill" else place.objects
        with suppress(SourceError, KeyboardInterrupt):
            place.look(extractor=reader, objects=store)
        now = known_landing("held", place.objects)
        assert now == before or place.counted() == Counter(held)
    place.look(extractor=Ordered(place.extractor, 1000))
    assert place.counted() == Counter(held)
    assert known_landing("held", place.objects).landed_at == NOW.isoformat().replace("+00:00", "Z")
